package artifact

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"defog-cdk/config"
)

// defaults is the folder with the dependencies of every query function.
const defaults = "../../lambda/query/dependencies"

// prepare makes the artifacts of a custom function, without a compiler.
func prepare(t *testing.T, conf config.Config, environment Environment) (*Custom, error) {
	t.Helper()
	custom := newCustom(conf, environment)
	t.Cleanup(func() {
		if err := custom.remove(); err != nil {
			t.Error(err)
		}
	})
	if custom.Hydration != NotHydrated {
		custom.Program = ProgramIn(t.TempDir())
		name := custom.Hydration.program(conf.Architecture).file
		if err := os.WriteFile(filepath.Join(custom.Program.directory, name), []byte("hydrate"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, problem := readPolicies(conf)
	return custom, errors.Join(problem, custom.prepare(t.Context(), environment))
}

func mustPrepare(t *testing.T, conf config.Config, environment Environment) *Custom {
	t.Helper()
	custom, err := prepare(t, conf, environment)
	if err != nil {
		t.Fatal(err)
	}
	return custom
}

// content returns a member's content.
func content(t *testing.T, member *zip.File) string {
	t.Helper()
	reader, err := member.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
