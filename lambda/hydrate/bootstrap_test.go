package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
)

// provided is a function whose bootstrap is hydrate; what it starts writes its
// arguments and where its dependencies are into /tmp/started.
func provided(t *testing.T) *task {
	t.Helper()
	content := zipOf(t, map[string]string{"data.txt": "42", "bin/tool": "#!/bin/sh\necho tool \"$@\" > \"$TMPDIR/started\"\n"})
	f := &task{root: t.TempDir(), temporary: t.TempDir(), command: []string{program}}
	f.environment = newBucket(t, content).environment(f.temporary, content)
	f.environment["LAMBDA_TASK_ROOT"] = f.root
	f.write(t, environ.OriginalBootstrap, "#!/bin/sh\ncat \"$"+environ.DependenciesFolder+"/data.txt\" > \"$TMPDIR/started\"\n")
	return f
}

func TestBootstrapStartsTheOriginal(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"the original":              {"", "42"},
		"a command":                 {`["/bin/sh", "-c", "echo $0 $1 > $TMPDIR/started", "a", "b c"]`, "a b c\n"},
		"one from the dependencies": {`["tool", "x"]`, "tool x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := provided(t)
			f.environment[environ.FunctionCommand] = test.command
			code, reason, log := f.start(t).End()
			if code != 0 || reason != "" {
				t.Fatalf("exit code %d, Lambda was told %q\n%s", code, reason, log)
			}
			started, err := os.ReadFile(filepath.Join(f.temporary, "started"))
			if err != nil || string(started) != test.want {
				t.Errorf("started %q (%v), want %q", started, err, test.want)
			}
		})
	}
}

func TestNothingToStart(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"no original":       {"", "/bootstrap.original"},
		"unknown":           {`["no-such-program"]`, `"no-such-program"`},
		"not for this one":  {`["./plain"]`, "permission denied"},
		"of another system": {`["other"]`, "check that it is a program for this processor"},
	} {
		t.Run(name, func(t *testing.T) {
			f := provided(t)
			f.environment[environ.FunctionCommand] = test.command
			if err := os.Remove(filepath.Join(f.root, environ.OriginalBootstrap)); err != nil {
				t.Fatal(err)
			}
			f.environment["PATH"] += ":" + f.root
			f.write(t, "other", "\x7fELF not really")
			if err := os.WriteFile(filepath.Join(f.root, "plain"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if line := f.refused(t, "Hydrate.Start"); !strings.Contains(line, test.want) {
				t.Errorf("error %q lacks %q", line, test.want)
			}
		})
	}
}

func TestSettingsAreJudgedTogether(t *testing.T) {
	wrong := map[string]string{
		environ.DependenciesHash:      "abc",
		environ.DependenciesMaxMB:     "many",
		environ.DependenciesLinks:     "tmp",
		environ.DependenciesDirectory: "here",
		environ.FunctionCommand:       "python3 -m awslambdaric",
	}
	_, err := readSettings(func(name string) string { return wrong[name] })
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		environ.DependenciesBucket + ": is missing; valid: ", environ.DependenciesKey + ": is missing",
		environ.DependenciesHash + `: "abc" is wrong; valid: 64`, environ.DependenciesMaxMB + `: "many" is wrong; valid: a whole`,
		environ.DependenciesLinks + `: "tmp" is wrong; valid: an absolute`, environ.DependenciesDirectory + `: "here"`,
		environ.FunctionCommand + `: "python3 -m awslambdaric" is wrong; valid: a JSON list`, "AWS_REGION: is missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	for _, command := range []string{"[]", `[""]`, `"sh"`, "[1]"} {
		wrong[environ.FunctionCommand] = command
		if _, err := readSettings(func(name string) string { return wrong[name] }); !strings.Contains(err.Error(), environ.FunctionCommand) {
			t.Errorf("%s: error %v", command, err)
		}
	}
}

func TestWrongSettingsAreReported(t *testing.T) {
	f := provided(t)
	delete(f.environment, environ.DependenciesKey)
	if line := f.refused(t, "Hydrate.Settings"); !strings.Contains(line, environ.DependenciesKey+": is missing") {
		t.Errorf("error %q", line)
	}
}
