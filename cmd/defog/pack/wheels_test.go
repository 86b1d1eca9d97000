package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// shelf is a folder of wheels that replaces PyPI in tests.
type shelf struct{ folder string }

func newShelf(t *testing.T) *shelf {
	t.Helper()
	return &shelf{t.TempDir()}
}

// wheel adds a wheel with the files of a map, and with further lines in its
// METADATA.
func (s *shelf) wheel(t *testing.T, name, version, tag string, files map[string]string, metadata ...string) {
	t.Helper()
	info := name + "-" + version + ".dist-info/"
	all := maps.Clone(files)
	if all == nil {
		all = map[string]string{}
	}
	all[info+"METADATA"] = strings.Join(append([]string{"Metadata-Version: 2.1", "Name: " + name, "Version: " + version}, metadata...), "\n") + "\n"
	all[info+"WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: " + tag + "\n"
	var record strings.Builder
	for _, path := range slices.Sorted(maps.Keys(all)) {
		sum := sha256.Sum256([]byte(all[path]))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", path, base64.RawURLEncoding.EncodeToString(sum[:]), len(all[path]))
	}
	all[info+"RECORD"] = record.String() + info + "RECORD,,\n"
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		header := &zip.FileHeader{Name: path, Method: zip.Deflate}
		header.SetMode(0o644)
		member, err := archive.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(member, all[path]); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.folder, name+"-"+version+"-"+tag+".whl"), out.String())
}

// backend is a build backend without requirements; it builds a wheel of one module.
const backend = `
import zipfile
def build_wheel(directory, settings=None, metadata=None):
    info = "%[1]s-%[2]s.dist-info/"
    name = "%[1]s-%[2]s-%[3]s.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as wheel:
        wheel.writestr("%[1]s.py", "built = True\n")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: %[1]s\nVersion: %[2]s\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: %[3]s\n")
        wheel.writestr(info + "RECORD", "%[1]s.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n")
    return name
`

// source adds a package that exists only as source; its build results in a wheel
// with the tag.
func (s *shelf) source(t *testing.T, name, version, tag string) {
	t.Helper()
	files := map[string]string{
		"PKG-INFO":       fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version),
		"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
		"backend.py":     fmt.Sprintf(backend, name, version, tag),
	}
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name + "-" + version + "/" + path, Mode: 0o644, Size: int64(len(files[path]))}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, files[path]); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.folder, name+"-"+version+".tar.gz"), out.String())
}

// options returns the options that pack requirements from the shelf in a new folder.
func (s *shelf) options(t *testing.T, requirements string) Options {
	t.Helper()
	t.Setenv("UV_OFFLINE", "1")
	uv, err := filepath.Abs("../../../.venv/bin/uv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(uv); err != nil {
		t.Fatalf("uv is not installed, run `make setup`: %v", err)
	}
	python := localPython(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "requirements.txt"), requirements)
	write(t, filepath.Join(folder, "handler.py"), "def handler(event, context):\n    return event\n")
	return Options{
		Requirements: filepath.Join(folder, "requirements.txt"),
		Handler:      filepath.Join(folder, "handler.py"),
		Python:       python.version,
		Arch:         "x86_64",
		DistDir:      filepath.Join(folder, "dist"),
		Name:         "function",
		Indexes:      Indexes{FindLinks: []string{s.folder}, NoIndex: true},
		UV:           uv,
		Interpreter:  python.program,
		Progress:     func(about string) { t.Log(about) },
	}
}

// localPython returns the Python of the local AWS; make setup requires 3.10 or
// later.
func localPython(t *testing.T) interpreter {
	t.Helper()
	python, err := inspectInterpreter(t.Context(), "../../../.venv/bin/python")
	if err != nil {
		t.Fatalf("run `make setup`: %v", err)
	}
	return python
}

func run(t *testing.T, o Options) *Report {
	t.Helper()
	report, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// fails checks that Run returns an error with all texts, and writes nothing.
func fails(t *testing.T, o Options, want ...string) {
	t.Helper()
	report, err := Run(t.Context(), o)
	if err == nil {
		t.Fatalf("got %+v, want an error", report)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want %q in it", err, text)
		}
	}
	if _, err := os.Stat(o.DistDir); err == nil {
		t.Errorf("%s exists: %v", o.DistDir, names(t, o.DistDir))
	}
}

func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// members returns the content of a zip by name.
func members(t *testing.T, path string) map[string]string {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	found := map[string]string{}
	for _, member := range archive.File {
		content, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		found[member.Name] = string(data)
	}
	return found
}

// sources returns the sorted names of a zip's members without the bytecode.
func sources(t *testing.T, path string) []string {
	t.Helper()
	found := members(t, path)
	maps.DeleteFunc(found, func(name, _ string) bool { return strings.HasSuffix(name, ".pyc") })
	return slices.Sorted(maps.Keys(found))
}

// extract extracts zips into a new folder.
func extract(t *testing.T, paths ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, path := range paths {
		for name, content := range members(t, path) {
			write(t, filepath.Join(folder, name), content)
		}
	}
	return folder
}

// python runs code with a folder on PYTHONPATH.
func python(t *testing.T, folder, code string) string {
	t.Helper()
	command := exec.Command(localPython(t).program, "-c", code)
	command.Env = append(os.Environ(), "PYTHONPATH="+folder, "PYTHONDONTWRITEBYTECODE=1")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return strings.TrimSpace(string(output))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// library returns a minimal ELF file for a machine.
func library(t *testing.T, machine elf.Machine) string {
	t.Helper()
	header := elf.Header64{
		Ident:   [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_DYN),
		Machine: uint16(machine),
		Version: uint32(elf.EV_CURRENT),
		Ehsize:  64,
	}
	var out bytes.Buffer
	if err := binary.Write(&out, binary.LittleEndian, header); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func localArchitecture() string {
	return map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
}
