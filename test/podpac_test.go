package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/podpac"
)

// TestPodpacClient deploys the example's handler to a local AWS that enforces IAM. It
// runs the tests in the folder podpac, with the settings of `defog describe --podpac`.
// PODPAC's client, as it is, evaluates by direct invoke, by asynchronous invoke
// and through S3, and fills Zarrs.
func TestPodpacClient(t *testing.T) {
	t.Parallel()
	cloud := sharedAWS(t, enforcingAWS)
	installed := podpac.Find(t)
	application := []string{"-c", "app_name=podpac-client"}
	arguments := application
	for _, setting := range []string{
		"function_source_dist_zip=" + filepath.Join(installed.Checkout, "examples", "podpac", "function"),
		"function_source_dependencies_zip=" + installed.Dependencies,
		"function_runtime=" + installed.Runtime(t), "function_triggers=eval,S3", "function_allow_unsafe_eval=true", "async_retries=0",
	} {
		arguments = append(arguments, "-c", setting)
	}
	deploy(t, cloud, "podpac-client-dev", arguments...)
	environ := cloud.Environ(installed.Environ(t))
	describe := exec.CommandContext(t.Context(), defog.get(t), append([]string{"describe", "--podpac"}, application...)...)
	describe.Dir, describe.Env = t.TempDir(), environ
	settings, err := describe.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, settings)
	}
	file := filepath.Join(describe.Dir, "settings.py")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), installed.Python, "-m", "unittest", "discover", "--verbose", "--start-directory", "podpac")
	tests.Env = append(environ, "PODPAC_SETTINGS="+file)
	out, err := tests.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nOK\n") {
		t.Fatalf("%v\n%s", err, out)
	}
}
