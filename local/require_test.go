package local_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// require runs require.sh with programs that print the given texts.
func require(t *testing.T, programs map[string]string) (output string, err error) {
	t.Helper()
	bin := t.TempDir()
	for name, text := range programs {
		script := "#!/bin/sh\necho '" + text + "'\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sh", "sed", "dirname"} { // nothing else is found
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "./require.sh")
	command.Env = []string{"PATH=" + bin}
	text, err := command.CombinedOutput()
	return string(text), err
}

func TestOldOrMissingProgramsAreNamed(t *testing.T) {
	good := map[string]string{"go": "go version go1.26.8 linux/amd64", "node": "v24.1.0", "npm": "11", "python3": "3.12"}
	if output, err := require(t, good); err != nil || output != "" {
		t.Fatalf("%v: %s", err, output)
	}
	for name, test := range map[string]struct {
		program, prints string
		missing         bool
		want            string
	}{
		"no Go":      {program: "go", missing: true, want: "go: not found; want Go 1.26"},
		"old Go":     {program: "go", prints: "go version go1.19.13 linux/amd64", want: "go: version 1.19.13 is too old; want Go 1.26"},
		"no Node":    {program: "node", missing: true, want: "node: not found; want Node 20 or later"},
		"old Node":   {program: "node", prints: "v18.20.4", want: "node: version 18.20.4 is too old; want Node 20 or later"},
		"no npm":     {program: "npm", missing: true, want: "npm: not found"},
		"no Python":  {program: "python3", missing: true, want: "python3: not found; want Python 3.10 or later"},
		"old Python": {program: "python3", prints: "3.9", want: "python3: version 3.9 is too old; want Python 3.10 or later"},
	} {
		t.Run(name, func(t *testing.T) {
			programs := map[string]string{}
			for program, text := range good {
				programs[program] = text
			}
			programs[test.program] = test.prints
			if test.missing {
				delete(programs, test.program)
			}
			output, err := require(t, programs)
			if err == nil || !strings.HasPrefix(output, test.want) || strings.Count(output, "\n") != 1 {
				t.Errorf("got %v, %q; want one line with %q", err, output, test.want)
			}
		})
	}
}
