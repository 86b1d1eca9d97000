package construct

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStopSetsConcurrencyToZero(t *testing.T) {
	directory := t.TempDir()
	for name, content := range map[string]string{
		"index.py": stopCode,
		"boto3.py": "import json\nclass Client:\n    def put_function_concurrency(self, **requested): print(json.dumps(requested))\ndef client(name): assert name == 'lambda'; return Client()\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "python3", "-c", "import index; index.handler({}, None)")
	command.Dir = directory
	command.Env = append(os.Environ(), "FUNCTION=shapes", "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH="+filepath.Clean(directory))
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(output), "\n")
	var requested map[string]any
	if err := json.Unmarshal([]byte(first), &requested); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"FunctionName": "shapes", "ReservedConcurrentExecutions": 0.0}, requested); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
