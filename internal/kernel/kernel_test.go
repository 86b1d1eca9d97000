package kernel

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// childMode names the variable that makes this test binary load the kernel and
// end it: with jsii's function, or with this package's.
const childMode = "KERNEL_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "":
		code := m.Run()
		jsii.Close() // the imported package starts a kernel, with its own folder
		os.Exit(code)
	case "jsii":
		constructs.NewRootConstruct(jsii.String("root"))
		jsii.Close()
	case "kernel":
		constructs.NewRootConstruct(jsii.String("root"))
		fmt.Fprintln(os.Stderr, "before")
		stderr, err := Close()
		fmt.Fprintln(stderr, "after", err)
	}
	time.Sleep(20 * time.Millisecond) // for a late message
}

func run(t *testing.T, mode string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(command.Environ(), childMode+"="+mode)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	return stderr.String()
}

// TestCloseWritesNoMessageOfJSII needs runs in which jsii itself writes the
// message: about every second one.
func TestCloseWritesNoMessageOfJSII(t *testing.T) {
	messages := 0
	for range 6 {
		if strings.Contains(run(t, "jsii"), "exited abnormally") {
			messages++
		}
		if got := run(t, "kernel"); strings.Contains(got, "exited abnormally") || !strings.HasSuffix(got, "before\nafter <nil>\n") {
			t.Errorf("got %q", got)
		}
	}
	if messages == 0 {
		t.Skip("jsii wrote no message: either its fault is gone, or this machine is too slow for it")
	}
}

func TestFilterKeepsOtherText(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"Runtime process exited abnormally: waitid: no child processes":                          "",
		"Runtime process exited abnormally: wait4: no child processescould not clean up\n":       "could not clean up\n",
		"(node) a warning\nRuntime process exited abnormally: waitid: no child processes":        "(node) a warning\n",
		"Runtime process exited abnormally: exit status 134":                                     "Runtime process exited abnormally: exit status 134",
		"Runtime process exited abnormally: waitid: no child processes\nFATAL ERROR: heap limit": "\nFATAL ERROR: heap limit",
	} {
		var got bytes.Buffer
		if err := filter(&got, strings.NewReader(text)); err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v", text, &got, err)
		}
	}
}
