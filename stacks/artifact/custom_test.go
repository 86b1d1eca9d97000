package artifact

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest/settings"
)

// zipAt makes a zip of files.
func zipAt(t *testing.T, files map[string]string) string {
	t.Helper()
	made, err := packFolders("x.zip", []string{settings.Folder(t, files)})
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

func TestUnusableZipsAreErrors(t *testing.T) {
	broken := write(t, "broken.zip", []byte("PK\x03\x04 and no more"))
	for name, test := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"no handler":              {map[string]any{"function_source_dist_zip": zipAt(t, map[string]string{"main.py": "x"})}, "function_source_dist_zip: does not contain what function_handler=handler.handler names; want handler.py or handler/__init__.py"},
		"handler in folder":       {map[string]any{"function_source_dist_zip": zipAt(t, map[string]string{"dist/handler.py": "x"})}, "function_source_dist_zip: does not contain what function_handler=handler.handler names; want handler.py or handler/__init__.py"},
		"Node":                    {map[string]any{"function_runtime": "nodejs24.x", "function_handler": "src/index.handler"}, "function_source_dist_zip: does not contain what function_handler=src/index.handler names; want src/index.js or src/index.mjs or src/index.cjs"},
		"Ruby":                    {map[string]any{"function_runtime": "ruby3.4", "function_handler": "app.Main.call"}, "function_source_dist_zip: does not contain what function_handler=app.Main.call names; want app.rb"},
		"Java":                    {map[string]any{"function_runtime": "java25", "function_handler": "org.x.Main::call"}, "function_source_dist_zip: does not contain what function_handler=org.x.Main::call names; want org/x/Main.class, or a jar in lib/"},
		".NET":                    {map[string]any{"function_runtime": "dotnet10", "function_handler": "App::X.Main::Call"}, "function_source_dist_zip: does not contain what function_handler=App::X.Main::Call names; want App.dll"},
		"program":                 {map[string]any{"function_runtime": "provided.al2023"}, "function_source_dist_zip: does not contain what function_handler=handler.handler names; want bootstrap"},
		"program without mode":    {map[string]any{"function_runtime": "provided.al2023", "function_source_dist_zip": zipAt(t, map[string]string{"bootstrap": "#!"})}, `function_source_dist_zip: member "bootstrap": not executable for Lambda's user (mode 0644); want the mode 0755 in the zip`},
		"broken code":             {map[string]any{"function_source_dist_zip": broken}, "function_source_dist_zip: " + broken + " is invalid; want a folder or a zip: zip: not a valid zip file"},
		"broken packages":         {map[string]any{"function_source_dependencies_zip": broken}, "function_source_dependencies_zip: " + broken + " is invalid; want a folder or a zip: zip: not a valid zip file"},
		"too much code":           {map[string]any{"function_source_dist_zip": sparse(t, "handler.py", 251)}, "function_source_dist_zip: has 251 MB unzipped; want up to 234 MB"},
		"too little /tmp":         {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "ephemeral_storage": 512}, "function_source_dependencies_zip: need 600 MB of the function's /tmp, extracted; want ephemeral_storage=600 or more, and it is 512"},
		"too much for a snapshot": {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "snap_start": true}, "function_source_dependencies_zip: need 600 MB of the function's /tmp, extracted; want up to 512 MB with snap_start"},
		"for arm64":               {map[string]any{"function_source_dependencies_zip": zipAt(t, map[string]string{"a.so": "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 11) + "\xb7\x00"})}, "function_source_dependencies_zip: its a.so is for arm64; want x86_64, the value of architecture; set architecture, or pack for that processor"},
		"for another Python":      {map[string]any{"function_source_dependencies_zip": zipAt(t, map[string]string{"a.cpython-311-x86_64-linux-gnu.so": "x"})}, "function_source_dependencies_zip: its a.cpython-311-x86_64-linux-gnu.so is for Python 3.11, and function_runtime is python3.12; set function_runtime=python3.11, or pack with --python 3.12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			_, err := prepare(t, settings.Custom(t, test.changes), Environment{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// The function would reject each of these at its start.
func TestZipsThatHydrateRejectsAreErrors(t *testing.T) {
	zeros := settings.Folder(t, map[string]string{"zeros": strings.Repeat("\x00", 64*mebibyte)})
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
			_, custom := prepare(t, settings.Custom(t, changes), Environment{})
			query := extraction(t, settings.Query(t, changes))
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
	if _, err := prepare(t, settings.Custom(t, map[string]any{"function_source_dependencies_zip": bomb, "function_hydrate": false}), Environment{}); err != nil {
		t.Error(err)
	}
}

func TestQueryDependenciesNeedEphemeralStorage(t *testing.T) {
	large := sparse(t, "shop.sqlite", 600)
	err := extraction(t, settings.Query(t, map[string]any{"function_source_dependencies_zip": large}))
	if want := "function_source_dependencies_zip: needs 600 MB of the function's /tmp, extracted; want ephemeral_storage=600 or more"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	conf := settings.Query(t, map[string]any{"function_source_dependencies_zip": large, "ephemeral_storage": 700})
	if err := extraction(t, conf); err != nil {
		t.Error(err)
	}
	variables, err := queryVariables(QuerySettingsOf(conf), "")
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
	return checkQueryDependencies(deps, conf.EphemeralStorage, QuerySettingsOf(conf).sqliteDatabase(), conf.Generator, conf.GoldenFirst)
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

func TestErrorContainsProblemsOfBothZips(t *testing.T) {
	_, err := prepare(t, settings.Custom(t, map[string]any{
		"function_source_dist_zip":         zipAt(t, map[string]string{"main.py": "x"}),
		"function_source_dependencies_zip": sparse(t, "a.bin", 600), "ephemeral_storage": 512,
	}), Environment{})
	if text := config.Explain(err); !strings.HasPrefix(text, "defog-cdk: 2 problems:") {
		t.Error(text)
	}
}

func TestHandlerMayBeAmongDependencies(t *testing.T) {
	changes := map[string]any{"function_handler": "shapes.area"} // a package
	if _, err := prepare(t, settings.Custom(t, changes), Environment{}); err != nil {
		t.Error(err)
	}
	changes["function_hydrate"] = false // they are missing when the runtime starts
	if _, err := prepare(t, settings.Custom(t, changes), Environment{}); err == nil {
		t.Error("accepted without hydrate")
	}
}

func TestStorageFitsDependencies(t *testing.T) {
	for name, test := range map[string]struct {
		changes map[string]any
		want    int
	}{
		"none":           {map[string]any{"function_source_dependencies_zip": nil}, 512},
		"small":          {nil, 512},
		"large":          {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600)}, 728},
		"by setting":     {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "ephemeral_storage": 600}, 600},
		"beside its zip": {map[string]any{"function_source_dependencies_zip": sparse(t, "a.bin", 600), "function_hydrate": false}, 735},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mustPrepare(t, settings.Custom(t, test.changes), Environment{}).StorageMB; got != test.want {
				t.Errorf("%d MB, want %d", got, test.want)
			}
		})
	}
}

func TestRemoveDeletesFilesOfCustomFunction(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	artifacts, err := Prepare(t.Context(), settings.Custom(t, nil), Environment{}, "")
	if err != nil {
		t.Fatal(err)
	}
	program, err := artifacts.Stage.Custom.Program.Directory()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(program, wrapper))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > hydrateSize {
		t.Errorf("hydrate has %d bytes, and its room is %d", info.Size(), hydrateSize)
	}
	if err := artifacts.Remove(); err != nil {
		t.Fatal(err)
	}
	checkRemoved(t)
}

// Lambda keeps the modes of a zip and runs the function as another user.
func TestUnreadableCodeIsAnError(t *testing.T) {
	const setting = "function_source_dist_zip: "
	provided := map[string]any{"function_runtime": "provided.al2023", "function_source_dependencies_zip": nil}
	hydrated := map[string]any{"function_runtime": "provided.al2023"}
	for name, test := range map[string]struct {
		members []member
		changes map[string]any
		want    string
	}{
		"handler":             {[]member{{"handler.py", "", 0o600}}, nil, setting + `member "handler.py": Lambda's user cannot read it (mode 0600); want a mode such as 0644 in the zip`},
		"module":              {[]member{{"handler.py", "", 0o644}, {"lib/x.py", "", 0o640}}, nil, setting + `member "lib/x.py": Lambda's user cannot read it (mode 0640)`},
		"folder":              {[]member{{"handler.py", "", 0o644}, {"lib/", "", fs.ModeDir | 0o744}, {"lib/x.py", "", 0o644}}, nil, setting + `member "lib": Lambda's user cannot read it (mode 0744); want a mode such as 0755`},
		"bootstrap":           {[]member{{"bootstrap", "#!/bin/sh\n", 0o700}}, provided, setting + `member "bootstrap": not executable for Lambda's user (mode 0700)`},
		"CRLF":                {[]member{{"bootstrap", "#!/bin/sh\r\nexit\r\n", 0o755}}, provided, setting + `member "bootstrap": lines end in CRLF`},
		"CRLF behind hydrate": {[]member{{"bootstrap", "#!/bin/sh\r\nexit\r\n", 0o755}}, hydrated, setting + `member "bootstrap": lines end in CRLF`},
		"no interpreter":      {[]member{{"bootstrap", "exit\n", 0o755}}, provided, setting + `member "bootstrap": neither a native program nor a script`},
		"readable":            {[]member{{"handler.py", "", 0o444}, {"lib/", "", fs.ModeDir | 0o555}, {"lib/x.py", "", 0o444}}, nil, ""},
		"startable":           {[]member{{"bootstrap", "#!/bin/sh\nexit\n", 0o555}}, provided, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			changes := map[string]any{"function_source_dist_zip": zipWith(t, test.members)}
			maps.Copy(changes, test.changes)
			_, err := prepare(t, settings.Custom(t, changes), Environment{})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// Files of a folder get modes that Lambda's user can read.
func TestFolderWithPrivateFilesIsReadable(t *testing.T) {
	code := settings.Folder(t, map[string]string{"handler.py": ""})
	if err := os.Chmod(filepath.Join(code, "handler.py"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := prepare(t, settings.Custom(t, map[string]any{"function_source_dist_zip": code}), Environment{}); err != nil {
		t.Error(err)
	}
}

type member struct {
	name, content string
	mode          fs.FileMode
}

// zipWith returns the path of a zip whose members have Unix modes.
func zipWith(t *testing.T, members []member) string {
	t.Helper()
	var data bytes.Buffer
	archive := zip.NewWriter(&data)
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name}
		header.SetMode(m.mode)
		to, err := archive.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write([]byte(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, "code.zip", data.Bytes())
}
