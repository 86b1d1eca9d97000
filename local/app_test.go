package local_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeGo counts compiles, and waits until a file that it makes would have a later
// change time than the file before. The program that it makes prints main.go.
const fakeGo = `#!/bin/sh
echo compiled >>compiles
if [ -f broken ]; then
	echo "main.go:1: syntax error" >&2
	exit 1
fi
until touch tick && [ -n "$(find tick -newer compiles)" ]; do :; done
[ ! -f during ] || mv during main.go
if [ -f interrupted ]; then kill -INT $PPID; fi
mkdir -p cache
{ echo '#!/bin/sh'; echo "echo $(echo $(for file in *.go; do cat $file; echo; done)) $GOFLAGS $GOOS $GOARCH \"\$@\""; } >cache/program
chmod +x cache/program
[ "$3" = -exec ] || exec cache/program
echo "$PWD/cache/program"
`

// checkout is a folder with what the app is made of.
type checkout struct {
	t    *testing.T
	root string
}

func newCheckout(t *testing.T) checkout {
	c := checkout{t, t.TempDir()}
	script, err := os.ReadFile("app.sh")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"local/app.sh": string(script), "bin/go": fakeGo, "main.go": "one", "go.mod": "module x", "go.sum": "", "cdk.out.gitignore": "*",
		"config/settings.go": "package config", "internal/kernel/kernel.go": "package kernel", "stacks/stack.go": "package stacks",
	} {
		c.write(name, content)
	}
	return c
}

func (c checkout) write(name, content string) {
	c.t.Helper()
	path := filepath.Join(c.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		c.t.Fatal(err)
	}
}

// run starts the app, and returns what it prints, and the number of compiles so far.
func (c checkout) run() (output string, compiles int) {
	command := exec.CommandContext(c.t.Context(), "local/app.sh", "argument")
	command.Dir = c.root
	command.Env = append(os.Environ(), "PATH="+filepath.Join(c.root, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"))
	out, err := command.CombinedOutput()
	if err != nil {
		out = append(out, err.Error()...)
	}
	count, err := os.ReadFile(filepath.Join(c.root, "compiles"))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), strings.Count(string(count), "\n")
}

func (c checkout) want(what, wantOutput string, wantCompiles int) {
	c.t.Helper()
	if output, compiles := c.run(); output != wantOutput || compiles != wantCompiles {
		c.t.Errorf("%s: got %q after %d compiles, want %q after %d", what, output, compiles, wantOutput, wantCompiles)
	}
}

func TestAppIsCompiledAfterEachChange(t *testing.T) {
	c := newCheckout(t)
	c.want("first run", "one argument", 1)
	c.want("no change", "one argument", 1)

	c.write("main.go", "two")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(c.root, "main.go"), old, old); err != nil {
		t.Fatal(err)
	}
	c.want("a change with an old modification time", "two argument", 2)
	c.write("internal/new/new.go", "package new")
	c.want("a new package", "two argument", 3)
	if err := os.Remove(filepath.Join(c.root, "stacks/stack.go")); err != nil {
		t.Fatal(err)
	}
	c.want("a removed file", "two argument", 4)
	if err := os.Remove(filepath.Join(c.root, "cache/program")); err != nil {
		t.Fatal(err)
	}
	c.want("a program that Go removed from its cache", "two argument", 5)
	c.want("no change", "two argument", 5)
}

// A synth writes into the root folder, and so only its Go files are sources.
func TestAppIsCompiledAfterAChangeOfTheRootFolder(t *testing.T) {
	c := newCheckout(t)
	c.want("first run", "one argument", 1)
	c.write("extra.go", "two")
	c.want("another file of the main package", "two one argument", 2)
	c.write("extra.go", "three")
	c.want("a change of it", "three one argument", 3)
	if err := os.Remove(filepath.Join(c.root, "extra.go")); err != nil {
		t.Fatal(err)
	}
	c.want("without it", "one argument", 4)
	c.write("cdk.out/manifest.json", "{}")
	c.want("no change", "one argument", 4)
}

func TestAppIsCompiledAfterAChangeBehindALink(t *testing.T) {
	c, elsewhere := newCheckout(t), t.TempDir()
	for _, folder := range []string{"stacks", "internal/kernel"} {
		moved := filepath.Join(elsewhere, filepath.Base(folder))
		if err := os.Rename(filepath.Join(c.root, folder), moved); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(moved, filepath.Join(c.root, folder)); err != nil {
			t.Fatal(err)
		}
	}
	c.want("first run", "one argument", 1)
	c.write("stacks/stack.go", "package stacks // changed")
	c.want("a linked folder", "one argument", 2)
	c.write("internal/kernel/kernel.go", "package kernel // changed")
	c.want("a linked package", "one argument", 3)
	c.want("no change", "one argument", 3)
}

// Go then takes sources from other folders, and the script leaves it to Go whether
// they have changed.
func TestAppIsCompiledEachTimeIfGoReadsOtherFolders(t *testing.T) {
	for name, content := range map[string]string{
		"go.work": "use .", "../go.work": "use ./checkout", "vendor/modules.txt": "# x",
		"go.mod": "module x\n\nreplace y => ../y\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			moved := filepath.Join(t.TempDir(), "checkout")
			if err := os.Rename(c.root, moved); err != nil {
				t.Fatal(err)
			}
			c.root = moved
			c.write(name, content)
			c.want("first run", "one argument", 1)
			c.want("second run", "one argument", 2)
		})
	}
}

func TestAppIsCompiledForGoFlagsAndHost(t *testing.T) {
	c := newCheckout(t)
	t.Setenv("GOOS", "plan9")
	t.Setenv("GOARCH", "mips")
	c.want("variables of another machine", "one argument", 1)
	t.Setenv("GOFLAGS", "-tags=x")
	c.want("other flags", "one -tags=x argument", 2)
	c.want("no change", "one -tags=x argument", 2)
}

// A change can seem older than a compile that has a time in the future.
func TestAppIsCompiledAfterTheClockWasSetBack(t *testing.T) {
	c := newCheckout(t)
	c.want("first run", "one argument", 1)
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(c.root, ".build/app"), future, future); err != nil {
		t.Fatal(err)
	}
	c.write("main.go", "two")
	c.want("a change after the clock was set back", "two argument", 2)
	c.want("no change", "two argument", 2)
}

func TestAppIsCompiledAfterAChangeDuringACompile(t *testing.T) {
	c := newCheckout(t)
	c.write("during", "two")
	c.want("a change during the compile", "two argument", 1)
	c.want("the run after it", "two argument", 2)
	c.want("no change", "two argument", 2)
}

// Only the pinned Node surely has the flags of node.sh.
func TestKernelRunsWithFlagsOnThePinnedNode(t *testing.T) {
	t.Setenv("JSII_NODE", "")
	c := newCheckout(t)
	c.write("main.go", "kernel:$JSII_NODE")
	c.write("local/node.sh", "")
	c.write("bin/node", "")
	c.want("no pinned Node", "kernel: argument", 1)
	c.write("node_modules/.bin/node", "")
	c.want("another Node", "kernel: argument", 1)
	if err := errors.Join(os.Remove(filepath.Join(c.root, "bin/node")),
		os.Symlink("../node_modules/.bin/node", filepath.Join(c.root, "bin/node"))); err != nil {
		t.Fatal(err)
	}
	c.want("the pinned Node", "kernel:"+c.root+"/local/node.sh argument", 1)
	if err := os.Chmod(filepath.Join(c.root, "local/node.sh"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.want("a script from a zip", "kernel: argument", 1)
	t.Setenv("JSII_NODE", "mine")
	c.want("a Node of the user's", "kernel:mine argument", 1)
}

func TestPinnedNodeHasTheKernelsFlags(t *testing.T) {
	bin, err := filepath.Abs("../node_modules/.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "node")); err != nil {
		t.Skip("the pinned Node is not installed: run make setup")
	}
	command := exec.CommandContext(t.Context(), "./node.sh", "-p", "process.execArgv.join(' ')")
	command.Env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	out, err := command.CombinedOutput()
	if want := "--single-threaded --liftoff-only"; err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("got %q, %v; want %s", out, err, want)
	}
}

func TestAppThatDoesNotCompileDoesNotRun(t *testing.T) {
	c := newCheckout(t)
	c.want("first run", "one argument", 1)
	c.write("main.go", "two")
	c.write("broken", "")
	c.want("a syntax error", "main.go:1: syntax error\nexit status 1", 2)
	c.want("the same error", "main.go:1: syntax error\nexit status 1", 3)
	if err := os.Remove(filepath.Join(c.root, "broken")); err != nil {
		t.Fatal(err)
	}
	c.want("without the error", "two argument", 4)
	c.write("interrupted", "")
	c.write("main.go", "three")
	c.want("an interrupt", "exit status 130", 5)
	left, err := os.ReadDir(filepath.Join(c.root, ".build"))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder .build has %v, want the file app alone: %v", left, err)
	}
}

func TestAppRunsWithoutAFolderForItsState(t *testing.T) {
	c := newCheckout(t)
	c.write(".build", "a file instead of a folder")
	c.want("first run", "one argument", 1)
	c.want("second run", "one argument", 2)
}

// The script looks for changes in all packages that the app is made of.
func TestScriptNamesAllSources(t *testing.T) {
	script, err := os.ReadFile("app.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(script), "\nsources=\"")
	text, _, _ = strings.Cut(text, `"`)
	sources := strings.Fields(text)
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{with .Module}}{{if .Main}}{{$.ImportPath}}{{end}}{{end}}`, ".")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, name := range packages {
		folder, _, _ := strings.Cut(strings.TrimPrefix(name, "defog-cdk/"), "/")
		if name != "defog-cdk" && !slices.Contains(sources, folder) {
			t.Errorf("the app imports %s, but the script looks for changes in %s", name, sources)
		}
	}
	if len(packages) < 10 {
		t.Errorf("the app has only the packages %s", packages)
	}
}

// Some modules of the CDK import those of many other services. Each adds to the time of
// a compile and to the program.
func TestAppLeavesOutModulesThatImportMany(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	const cdk = "github.com/aws/aws-cdk-go/awscdk/v2"
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, cdk+"/awslambda") {
		t.Fatalf("the app imports only %s", packages)
	}
	for _, name := range []string{"awseventstargets", "awsroute53targets", "awsrds", "awscloudfront", "awsappsync", "awsopensearchservice"} {
		if slices.Contains(packages, cdk+"/"+name) {
			t.Errorf("the app imports %s", name)
		}
	}
}
