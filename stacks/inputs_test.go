package stacks

import (
	"os"
	"strings"
	"testing"
)

func TestAnEnvironmentOverLambdasLimitIsRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	conf := settings(t, map[string]any{"environment_variables.LONG": strings.Repeat("x", 3800)})
	_, err := Prepare(t.Context(), conf, Place{}, "../lambda/query/dependencies")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"4096", "credentials_secret", "3804"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPrepareMakesEverythingAndRemovesIt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	inputs, err := Prepare(t.Context(), settings(t, nil), Place{}, "../lambda/query/dependencies")
	if err != nil {
		t.Fatal(err)
	}
	directory, err := inputs.Code.Directory()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{inputs.Dependencies.Path, directory + "/bootstrap"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if err := inputs.Remove(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
