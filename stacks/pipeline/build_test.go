package pipeline

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuildCommandQuotesSettings(t *testing.T) {
	command := buildCommand([]string{"app_name=defog", `smoke_question=it's "$(date)" \ é`})
	output, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, "bash pipeline/build.sh", "printf '%s|'", 1)).Output()
	if want := `-c|app_name=defog|-c|smoke_question=it's "$(date)" \ é|`; err != nil || string(output) != want {
		t.Errorf("%s: the shell passes %s, %v", command, output, err)
	}
}

func TestPipelineInstallsPinnedCLI(t *testing.T) {
	data, err := os.ReadFile("../../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ DevDependencies map[string]string }
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	if pinned := manifest.DevDependencies["aws-cdk"]; pinned != cliVersion {
		t.Errorf("the pipeline installs aws-cdk %s, and package.json %s", cliVersion, pinned)
	}
}

func TestInCheckout(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "x")
	for path, want := range map[string]bool{"testdata/x.json": true, "./a/../b": true, "../x": false, "~/x.json": false, elsewhere: false} {
		if got := inCheckout(path); got != want {
			t.Errorf("%s in the checkout: %v", path, got)
		}
	}
}
