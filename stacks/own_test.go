package stacks

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// zipAt makes a zip of files.
func zipAt(t *testing.T, files map[string]string) string {
	t.Helper()
	made, err := packFolders("x.zip", []string{folder(t, files)})
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

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sparse returns the path of a zip with one large file, without its real content.
func sparse(t *testing.T, name string, megabytes uint64) string {
	t.Helper()
	var data bytes.Buffer
	archive := zip.NewWriter(&data)
	content := make([]byte, megabytes*mebibyte/90) // less would be a zip bomb
	member, err := archive.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Deflate, UncompressedSize64: megabytes * mebibyte, CompressedSize64: uint64(len(content)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, "sparse.zip", data.Bytes())
}

func TestWrongZipsAreRefused(t *testing.T) {
	broken := write(t, "broken.zip", []byte("PK\x03\x04 and no more"))
	for name, test := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"no handler":         {map[string]any{"function_source_dist_zip": zipAt(t, map[string]string{"main.py": "x"})}, "function_source_dist_zip: has not what function_handler=handler.handler names: handler.py or handler/__init__.py"},
		"handler in folder":  {map[string]any{"function_source_dist_zip": zipAt(t, map[string]string{"dist/handler.py": "x"})}, "function_source_dist_zip: has not what function_handler=handler.handler names: handler.py or handler/__init__.py"},
		"Node":               {map[string]any{"function_runtime": "nodejs24.x", "function_handler": "src/index.handler"}, "function_source_dist_zip: has not what function_handler=src/index.handler names: src/index.js or src/index.mjs or src/index.cjs"},
		"Ruby":               {map[string]any{"function_runtime": "ruby3.4", "function_handler": "app.Main.call"}, "function_source_dist_zip: has not what function_handler=app.Main.call names: app.rb"},
		"Java":               {map[string]any{"function_runtime": "java25", "function_handler": "org.x.Main::call"}, "function_source_dist_zip: has not what function_handler=org.x.Main::call names: org/x/Main.class, or a jar in lib/"},
		".NET":               {map[string]any{"function_runtime": "dotnet10", "function_handler": "App::X.Main::Call"}, "function_source_dist_zip: has not what function_handler=App::X.Main::Call names: App.dll"},
		"program":            {map[string]any{"function_runtime": "provided.al2023"}, "function_source_dist_zip: has not what function_handler=handler.handler names: bootstrap"},
		"program not to run": {map[string]any{"function_runtime": "provided.al2023", "function_source_dist_zip": zipAt(t, map[string]string{"bootstrap": "#!"})}, "function_source_dist_zip: its bootstrap may not be started; give it the mode 0755 in the zip"},
		"broken code":        {map[string]any{"function_source_dist_zip": broken}, "function_source_dist_zip: " + broken + " is neither a folder nor a zip: zip: not a valid zip file"},
		"broken packages":    {map[string]any{"function_source_dependencies_zip": broken}, "function_source_dependencies_zip: " + broken + " is neither a folder nor a zip: zip: not a valid zip file"},
		"too much code":      {map[string]any{"function_source_dist_zip": sparse(t, "handler.py", 251)}, "function_source_dist_zip: has 251 MB unzipped; valid: up to 234 MB"},
		"too little /tmp":    {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "ephemeral_storage": 512}, "function_source_dependencies_zip: need 600 MB of the function's /tmp, extracted; ephemeral_storage is 512 MB; valid: that or more"},
		"too much to snap":   {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "snap_start": true}, "function_source_dependencies_zip: need 600 MB of the function's /tmp, extracted; with snap_start it has 512 MB at the most"},
		"for arm64":          {map[string]any{"function_source_dependencies_zip": zipAt(t, map[string]string{"a.so": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 11) + "\xb7\x00"})}, "function_source_dependencies_zip: its a.so is for arm64, and architecture is x86_64; set architecture, or pack it for that"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			_, err := prepare(t, ownSettings(t, test.changes), Place{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// The function would refuse each of these at its start.
func TestZipsThatTheFunctionRefusesAreRefused(t *testing.T) {
	zeros := folder(t, map[string]string{"zeros": strings.Repeat("\x00", 64*mebibyte)})
	bomb, tree := zipAt(t, map[string]string{"zeros": strings.Repeat("\x00", 64*mebibyte)}), members(t, "a", "a/b")
	for name, test := range map[string]struct{ path, want string }{
		"Windows path":         {members(t, "C:/x"), `member "C:/x": has a Windows path`},
		"file below a file":    {tree, `member "a/b": is below "a", which is not a folder`},
		"name of 300 bytes":    {members(t, strings.Repeat("n", 300)), "has more than 255 bytes between slashes"},
		"zip bomb":             {bomb, "a zip bomb: "},
		"folder of zeros":      {zeros, "a zip bomb: "},
		"one name twice":       {members(t, "x", "x"), `member "x": has the path of another member`},
		"bytes before the zip": {write(t, "sfx.zip", append([]byte("#!/bin/sh\n"), bytesOf(t, tree)...)), "want a zip without bytes in front"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			changes := map[string]any{"function_source_dependencies_zip": test.path}
			_, custom := prepare(t, ownSettings(t, changes), Place{})
			query := extraction(t, settings(t, changes))
			for function, err := range map[string]error{"custom function": custom, "query function": query} {
				if err == nil || !strings.Contains(err.Error(), "function_source_dependencies_zip: ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: got %v, want %s", function, err, test.want)
				}
			}
		})
	}
}

// The handler extracts dependencies by its own rules without hydrate.
func TestRatioIsFreeWithoutHydrate(t *testing.T) {
	bomb := zipAt(t, map[string]string{"zeros": strings.Repeat("\x00", 64*mebibyte)})
	if _, err := prepare(t, ownSettings(t, map[string]any{"function_source_dependencies_zip": bomb, "function_hydrate": false}), Place{}); err != nil {
		t.Error(err)
	}
}

func TestQueryDependenciesNeedEphemeralStorage(t *testing.T) {
	large := sparse(t, "shop.sqlite", 600)
	err := extraction(t, settings(t, map[string]any{"function_source_dependencies_zip": large}))
	if want := "function_source_dependencies_zip: needs 600 MB of the function's /tmp, extracted; want ephemeral_storage=600 or more"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	conf := settings(t, map[string]any{"function_source_dependencies_zip": large, "ephemeral_storage": 700})
	if err := extraction(t, conf); err != nil {
		t.Error(err)
	}
	variables, err := environment(conf, "")
	if got := variables[environ.DependenciesMaxMB]; got != "700" || err != nil {
		t.Errorf("%s=%s, %v; want 700", environ.DependenciesMaxMB, got, err)
	}
}

// extraction packs and checks the query function's dependencies.
func extraction(t *testing.T, conf config.Config) error {
	t.Helper()
	deps, err := PackDependencies(t.TempDir(), conf.Dependencies)
	if err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := deps.Remove(); err != nil {
			t.Error(err)
		}
	})
	return checkExtraction(conf, deps)
}

// members returns the path of a zip with empty files of these names.
func members(t *testing.T, names ...string) string {
	t.Helper()
	var data bytes.Buffer
	archive := zip.NewWriter(&data)
	for _, name := range names {
		if _, err := archive.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, "members.zip", data.Bytes())
}

func TestWrongZipsAreRefusedTogether(t *testing.T) {
	_, err := prepare(t, ownSettings(t, map[string]any{
		"function_source_dist_zip":         zipAt(t, map[string]string{"main.py": "x"}),
		"function_source_dependencies_zip": sparse(t, "a.bin", 600), "ephemeral_storage": 512,
	}), Place{})
	if text := config.Explain(err); !strings.HasPrefix(text, "defog-cdk: 2 problems:") {
		t.Error(text)
	}
}

func TestAHandlerMayBeAmongTheDependencies(t *testing.T) {
	changes := map[string]any{"function_handler": "shapes.area"} // whose module is a package
	if _, err := prepare(t, ownSettings(t, changes), Place{}); err != nil {
		t.Error(err)
	}
	changes["function_hydrate"] = false // they are not there when the runtime starts
	if _, err := prepare(t, ownSettings(t, changes), Place{}); err == nil {
		t.Error("accepted without hydrate")
	}
}

func TestStorageIsWhatLocalDependenciesNeed(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		want    int
	}{
		"none":           {map[string]any{"function_source_dependencies_zip": nil}, 512},
		"small":          {nil, 512},
		"large":          {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600)}, 728},
		"as told":        {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "ephemeral_storage": 600}, 600},
		"beside its zip": {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "function_hydrate": false}, 735},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ownInputs(t, ownSettings(t, test.changes), Place{}).Own.Storage; got != test.want {
				t.Errorf("%d MB, want %d", got, test.want)
			}
		})
	}
}

// What prepareOwn makes, with a real compiler, goes away again.
func TestPrepareMakesAFunctionOfOnesOwnAndRemovesIt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	inputs, err := Prepare(t.Context(), ownSettings(t, nil), Place{}, "")
	if err != nil {
		t.Fatal(err)
	}
	program, err := inputs.Code.Directory()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(program, wrapper))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > hydrateSize {
		t.Errorf("hydrate has %d bytes, and %d are kept for it", info.Size(), hydrateSize)
	}
	if err := inputs.Remove(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "defog-") {
			t.Errorf("left behind: %s", entry.Name())
		}
	}
}
