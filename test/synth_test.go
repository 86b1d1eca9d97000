package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
)

var sample = connection.Connection{APIKey: "key", DBType: "postgres", DBCreds: connection.Creds{
	"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": "s3cret"}}

// TestSynthStaysOutOfGit synthesizes to several folders of a repository.
func TestSynthStaysOutOfGit(t *testing.T) {
	t.Parallel()
	repository := t.TempDir()
	git(t, repository, "init", "--quiet")
	file := writeConnection(t, sample)
	if output, code := command(t, nil, "npx", "cdk", "synth", "--quiet", "-c", "connection_file="+file, "-o", filepath.Join(repository, "deep", "folder")); code != 0 {
		t.Fatal(output)
	}
	environ := append(os.Environ(), "CDK_OUTDIR="+filepath.Join(repository, "elsewhere"), `CDK_CONTEXT_JSON={"connection_file": "`+file+`"}`)
	if output, code := command(t, environ, "go", "run", "."); code != 0 {
		t.Fatal(output)
	}
	for _, name := range []string{"deep/folder", "elsewhere"} {
		if _, err := os.Stat(filepath.Join(repository, name, "manifest.json")); err != nil {
			t.Errorf("no assembly in %s: %v", name, err)
		}
	}
	if status := git(t, repository, "status", "--porcelain", "--untracked-files=all"); status != "" {
		t.Errorf("git would add:\n%s", status)
	}
}

func TestSynthIsDeterministic(t *testing.T) {
	t.Parallel()
	for _, settings := range [][]string{{"-c", "connection_file=" + writeConnection(t, sample)}, strings.Fields(pipelineArguments)} {
		first, second := assembly(t, settings), assembly(t, settings)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s: two assemblies of the same input: -first +second:\n%s", settings, diff)
		}
	}
}

func TestPipelineRequiresASecret(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "cdk.out")
	text, code := command(t, nil, "npx", "cdk", "synth", "-o", output, "-c", "pipeline=true", "-c", "connection_file="+writeConnection(t, sample),
		"-c", `pipeline_source={"repository": "defog-cdk"}`, "-c", `pipeline_stages=[{"stage": "test"}, {"stage": "prod"}]`)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"stage test: credentials_secret", "go run ./cmd/defog secret put -c app_name=defog-lambda --stage prod"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if files, err := os.ReadDir(output); strings.Contains(text, "s3cret") || err == nil && len(files) > 0 {
		t.Errorf("files %v and output:\n%s", files, text)
	}
}

func TestSynthListsEveryProblemAndWritesNothing(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "cdk.out")
	broken := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(broken, []byte(`{"db_type": "postgres", "db_creds": {"host": "db", "password": "s3cret", "prot": 5432}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	text, code := command(t, nil, "npx", "cdk", "synth", "-c", "connection_file="+broken, "-c", "lambda_memory_sise=512", "-c", "api_auth=open", "-o", output)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"lambda_memory_size", "api_auth", "iam, jwt, none", broken, "db_creds.port: missing", "db_creds.database: missing", "db_creds.user: missing", "db_creds.prot: unknown key",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"s3cret", "goroutine", "panic"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is in:\n%s", unwanted, text)
		}
	}
	if files, err := os.ReadDir(output); err == nil && len(files) > 0 { // the CLI itself creates the folder
		t.Errorf("the assembly of an invalid configuration has files: %v", files)
	}
}

// TestSecretModeKeepsCredentialsOut searches every file of an assembly, and of its
// zips. Credentials are in the environment and in a file, and must not be used.
func TestSecretModeKeepsCredentialsOut(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"password": oldPassword, "API key": reviewKey}
	conn := connection.Connection{APIKey: reviewKey, DBType: "postgres", DBCreds: connection.Creds{
		"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": oldPassword}}
	credentials, err := conn.Encode()
	if err != nil {
		t.Fatal(err)
	}
	synth := func(settings ...string) (found []string, files int) {
		output := filepath.Join(t.TempDir(), "cdk.out")
		args := slices.Concat([]string{"cdk", "synth", "--quiet", "-o", output, "-c", "connection_file=" + writeConnection(t, conn)}, settings)
		if text, code := command(t, append(os.Environ(), environ.Credentials+"="+credentials), "npx", args...); code != 0 {
			t.Fatal(text)
		}
		return leaksIn(t, secrets, time.Time{}, []string{output})
	}
	if found, files := synth("-c", "credentials_secret=prod/defog", "-c", "db_type=postgres"); len(found) > 0 || files < 5 {
		t.Errorf("%d files, with secrets in %v", files, found)
	}
	if found, _ := synth(); len(found) == 0 {
		t.Error("no credentials found in an assembly that holds them")
	}
}

// assembly synthesizes to a new folder and returns its files.
func assembly(t *testing.T, settings []string) map[string]string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "cdk.out")
	if output, code := command(t, nil, "npx", append([]string{"cdk", "synth", "--quiet", "-o", directory}, settings...)...); code != 0 {
		t.Fatal(output)
	}
	files := map[string]string{}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, directory)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 5 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

func git(t *testing.T, directory string, args ...string) string {
	t.Helper()
	output, code := command(t, nil, "git", append([]string{"-C", directory}, args...)...)
	if code != 0 {
		t.Fatal(output)
	}
	return output
}

// TestSynthRestrictsAssemblyToItsOwner runs with a umask that restricts nothing.
func TestSynthRestrictsAssemblyToItsOwner(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "cdk.out")
	text, code := command(t, nil, "sh", "-c", `umask 000; exec npx cdk synth --quiet -o "$0" -c connection_file="$1"`, output, writeConnection(t, sample))
	if code != 0 {
		t.Fatal(text)
	}
	programs := 0
	err := filepath.WalkDir(output, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		inAsset := strings.Contains(path, "/asset.") // deployed with its modes, and unreachable behind the folder
		if !inAsset && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %04o", path, info.Mode().Perm())
		}
		if entry.Name() == "bootstrap" && inAsset {
			programs++
			if info.Mode().Perm()&0o005 != 0o005 {
				t.Errorf("Lambda's user cannot start %s: mode %04o", path, info.Mode().Perm())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if programs != 1 {
		t.Errorf("%d programs, want 1", programs)
	}
}

// TestProgramIsExecutableWithPrivateUmask runs with a umask that restricts new files
// to their owner.
func TestProgramIsExecutableWithPrivateUmask(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "cdk.out")
	text, code := command(t, nil, "sh", "-c", `umask 077; exec npx cdk synth --quiet -o "$0" -c connection_file="$1"`, output, writeConnection(t, sample))
	if code != 0 {
		t.Fatal(text)
	}
	programs, err := filepath.Glob(filepath.Join(output, "asset.*", "bootstrap"))
	if err != nil || len(programs) != 1 {
		t.Fatalf("programs %v, %v", programs, err)
	}
	info, err := os.Stat(programs[0])
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o755 {
		t.Errorf("mode %04o, want 0755", mode)
	}
}

// TestMissingConnectionFileStopsOnlyDeployments runs the CLI before the connection
// file exists.
func TestMissingConnectionFileStopsOnlyDeployments(t *testing.T) {
	t.Parallel()
	cloud := sharedAWS(t, plainAWS)
	settings := []string{"-c", "app_name=missing", "-c", "connection_file=" + filepath.Join(t.TempDir(), "connection.json")}
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"bootstrap", "aws://000000000000/" + region}, 0, "bootstrapped"},
		{[]string{"ls"}, 0, "missing-dev\n"},
		{[]string{"destroy", "--force"}, 0, "missing-dev: destroyed"},
		{[]string{"synth", "--quiet"}, 1, "connection.json: not found; want a connection file"},
		{[]string{"diff"}, 1, "connection.json: not found; want a connection file"},
		{[]string{"deploy", "--require-approval", "never"}, 1, "connection.json: not found; want a connection file"},
	} {
		args := slices.Concat([]string{"cdk"}, test.args, settings, []string{"--output", filepath.Join(t.TempDir(), "cdk.out")})
		output, code := command(t, cloud.Environ(os.Environ()), "npx", args...)
		if code != test.code || !strings.Contains(output, test.want) {
			t.Errorf("cdk %s: exit code %d, want %d with %q:\n%s", test.args[0], code, test.code, test.want, output)
		}
	}
}
