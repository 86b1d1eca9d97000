package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
)

// provided returns a function whose bootstrap is hydrate. The program that it
// starts writes its arguments or a dependency's content to $TMPDIR/started.
func provided(t *testing.T) *task {
	t.Helper()
	content := zipOf(t, map[string]string{"data.txt": "42", "bin/tool": "#!/bin/sh\necho tool \"$@\" > \"$TMPDIR/started\"\n"})
	f := &task{root: t.TempDir(), temporary: t.TempDir(), command: []string{program}}
	f.environment = newBucket(t, content).environment(f.temporary, content)
	f.environment["LAMBDA_TASK_ROOT"] = f.root
	f.write(t, environ.OriginalBootstrap, "#!/bin/sh\ncat \"$"+environ.DependenciesFolder+"/data.txt\" > \"$TMPDIR/started\"\n")
	return f
}

func TestBootstrapStartsConfiguredCommand(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"default":                 {"", "42"},
		"command":                 {`["/bin/sh", "-c", "echo $0 $1 > $TMPDIR/started", "a", "b c"]`, "a b c\n"},
		"command in dependencies": {`["tool", "x"]`, "tool x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := provided(t)
			f.environment[environ.FunctionCommand] = test.command
			code, reason, log := f.start(t).End()
			if code != 0 || reason != "" {
				t.Fatalf("exit code %d, reported error %q\n%s", code, reason, log)
			}
			started, err := os.ReadFile(filepath.Join(f.temporary, "started"))
			if err != nil || string(started) != test.want {
				t.Errorf("started %q (%v), want %q", started, err, test.want)
			}
		})
	}
}

func TestBootstrapReportsInvalidCommand(t *testing.T) {
	for name, test := range map[string]struct{ command, want string }{
		"no default":     {"", "/bootstrap.original"},
		"unknown":        {`["no-such-program"]`, `"no-such-program"`},
		"not executable": {`["./plain"]`, "permission denied"},
		"other format":   {`["other"]`, "check that the program is built for this architecture"},
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

func TestReadSettingsListsAllProblems(t *testing.T) {
	invalid := map[string]string{
		environ.DependenciesHash:      "abc",
		environ.DependenciesMaxMB:     "many",
		environ.DependenciesLinks:     "tmp",
		environ.DependenciesDirectory: "here",
		environ.FunctionCommand:       "python3 -m awslambdaric",
	}
	_, err := readSettings(func(name string) string { return invalid[name] })
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		environ.DependenciesBucket + ": missing; want ", environ.DependenciesKey + ": missing",
		environ.DependenciesHash + `: "abc" is invalid; want 64`, environ.DependenciesMaxMB + `: "many" is invalid; want an integer`,
		environ.DependenciesLinks + `: "tmp" is invalid; want an absolute`, environ.DependenciesDirectory + `: "here"`,
		environ.FunctionCommand + `: "python3 -m awslambdaric" is invalid; want a JSON list`, "AWS_REGION: missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	for _, command := range []string{"[]", `[""]`, `"sh"`, "[1]"} {
		invalid[environ.FunctionCommand] = command
		if _, err := readSettings(func(name string) string { return invalid[name] }); !strings.Contains(err.Error(), environ.FunctionCommand) {
			t.Errorf("%s: error %v", command, err)
		}
	}
}

func TestInvalidSettingsAreReportedToLambda(t *testing.T) {
	f := provided(t)
	delete(f.environment, environ.DependenciesKey)
	if line := f.refused(t, "Hydrate.Settings"); !strings.Contains(line, environ.DependenciesKey+": missing") {
		t.Errorf("error %q", line)
	}
}
