package artifact

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest/settings"
)

func TestHydratedCodeKeepsCodeAndBootstrap(t *testing.T) {
	source := settings.Folder(t, map[string]string{"bootstrap": "#!/bin/sh", "data/a": "1"})
	if err := os.Chmod(filepath.Join(source, "bootstrap"), 0o755); err != nil {
		t.Fatal(err)
	}
	custom := mustPrepare(t, settings.Custom(t, map[string]any{"function_runtime": "provided.al2023", "function_source_dist_zip": source}), Environment{})
	var zips [2][]byte
	for i := range zips {
		made, err := custom.HydratedCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if zips[i], err = os.ReadFile(made.Path); err != nil {
			t.Fatal(err)
		}
	}
	if string(zips[0]) != string(zips[1]) {
		t.Error("equal code gives two zips")
	}
	archive, err := zip.NewReader(strings.NewReader(string(zips[0])), int64(len(zips[0])))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, member := range archive.File {
		got[member.Name] = content(t, member)
		if strings.HasPrefix(member.Name, "bootstrap") && member.Mode().Perm() != 0o755 {
			t.Errorf("%s has the mode %v", member.Name, member.Mode())
		}
	}
	if diff := cmp.Diff(map[string]string{"bootstrap": "hydrate", "bootstrap.original": "#!/bin/sh", "data/a": "1"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Code of a bucket keeps its program under the name that hydrate starts.
func TestHydratedCodeOfBucketKeepsProgram(t *testing.T) {
	environment := startBuckets(t, &bucketServer{regions: map[string]string{"geo-code": "eu-west-1"}, objects: map[string][]byte{
		"geo-code/v1/dist.zip": bytesOf(t, executableZip(t, "server")),
		"geo-code/v1/deps.zip": bytesOf(t, zipAt(t, map[string]string{"data": "x"})),
	}})
	conf := settings.Custom(t, settings.InBucket(map[string]any{"function_runtime": "provided.al2023", "function_handler": "server"}))
	made, err := mustPrepare(t, conf, environment).HydratedCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(made.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	got := map[string]string{}
	for _, member := range archive.File {
		got[member.Name] = content(t, member)
	}
	if diff := cmp.Diff(map[string]string{"bootstrap": "hydrate", "bootstrap.original": "#!program"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// executableZip makes a zip with one program.
func executableZip(t *testing.T, name string) string {
	t.Helper()
	directory := settings.Folder(t, map[string]string{name: "#!program"})
	if err := os.Chmod(filepath.Join(directory, name), 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := packFolders("x.zip", []string{directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := made.Remove(); err != nil {
			t.Error(err)
		}
	})
	return made.Path
}
