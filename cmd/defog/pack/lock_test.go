package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestRunReusesALockFile(t *testing.T) {
	s := simple(t)
	o := s.options(t, "upper\nsourced\n")
	first := run(t, o)
	lock := read(t, first.Lock)
	if !strings.Contains(lock, "lower==1.0 \\\n    --hash=sha256:") || !strings.Contains(lock, "# To be built from source: sourced\n") {
		t.Errorf("got %s", lock)
	}

	s.wheel(t, "lower", "2.0", "py3-none-any", map[string]string{"lower.py": "new = True\n"})
	if again := run(t, o); again.Dist.SHA256 != first.Dist.SHA256 || read(t, again.Lock) != lock {
		t.Error("a newer version changes what a lock file has fixed")
	}

	s.wheel(t, "more", "1.0", "py3-none-any", map[string]string{"more.py": ""})
	write(t, o.Requirements, "upper\nsourced\nmore\n")
	if got := read(t, run(t, o).Lock); !strings.Contains(got, "\nlower==1.0 ") || !strings.Contains(got, "\nmore==1.0 ") {
		t.Errorf("another requirement changes other versions: %s", got)
	}

	o.Upgrade = true
	if got := read(t, run(t, o).Lock); !strings.Contains(got, "\nlower==2.0 ") {
		t.Errorf("--upgrade leaves the old version: %s", got)
	}
}

func TestRunRejectsAnotherFileOfALockedVersion(t *testing.T) {
	s := simple(t)
	o := s.options(t, "lower\n")
	run(t, o)
	s.wheel(t, "lower", "1.0", "py3-none-any", map[string]string{"lower.py": "evil = True\n"})
	t.Setenv("UV_CACHE_DIR", t.TempDir()) // the other cache holds the right file
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(strings.ToLower(err.Error()), "hash") {
		t.Errorf("got %v", err)
	}
}

func TestPipInstallsALockFile(t *testing.T) {
	s := simple(t)
	report := run(t, s.options(t, "upper\n"))
	folder := t.TempDir()
	command := exec.Command("../../../.venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--no-index", "--find-links", s.folder, "--require-hashes", "--target", folder, "-r", report.Lock)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	read(t, filepath.Join(folder, "upper", "__init__.py"))
}

func TestFindLinksOptionIsRelativeToTheWorkingDirectory(t *testing.T) {
	s := simple(t)
	o := s.options(t, "lower\n")
	t.Chdir(filepath.Dir(s.folder))
	o.Indexes.FindLinks = []string{filepath.Base(s.folder)}
	run(t, o)
}

func TestLockOmitsTheIndexesOfTheRequirements(t *testing.T) {
	s := simple(t)
	o := s.options(t, "--no-index\n--find-links "+s.folder+"\n-r more.txt\n")
	o.Indexes = Indexes{}
	write(t, filepath.Join(filepath.Dir(o.Requirements), "more.txt"), "lower==1.0\n")
	if lock := read(t, run(t, o).Lock); strings.Contains(lock, s.folder) {
		t.Errorf("got %s", lock)
	}
	s.wheel(t, "lower", "1.1", "py3-none-any", map[string]string{"lower.py": ""})
	write(t, filepath.Join(filepath.Dir(o.Requirements), "more.txt"), "lower==1.1\n")
	if lock := read(t, run(t, o).Lock); !strings.Contains(lock, "lower==1.1") {
		t.Errorf("a change of an included file has no effect: %s", lock)
	}
}

// encoded returns a text in an encoding of Windows tools.
func encoded(text string, order binary.ByteOrder, mark bool) string {
	var out bytes.Buffer
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, unit := range units {
		var pair [2]byte
		order.PutUint16(pair[:], unit)
		out.Write(pair[:])
	}
	return out.String()
}

func TestRequirementsAreDecoded(t *testing.T) {
	s := simple(t)
	s.wheel(t, "boto3", "1.0", "py3-none-any", map[string]string{"boto3/__init__.py": ""})
	const text = "# café\r\n--no-index\r\n--find-links ./wheels\r\nlower==1.0\r\nboto3==1.0\r\n"
	for name, content := range map[string]string{
		"UTF-8":                    text,
		"UTF-8 with a BOM":         "\ufeff" + text,
		"UTF-16LE":                 encoded(text, binary.LittleEndian, true),
		"UTF-16BE":                 encoded(text, binary.BigEndian, true),
		"UTF-16LE without a BOM":   encoded(text, binary.LittleEndian, false),
		"UTF-16BE without a BOM":   encoded(text, binary.BigEndian, false),
		"a constraint in UTF-16LE": "-c pins.txt\r\n" + text,
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t, content)
			o.Indexes = Indexes{}
			folder := filepath.Dir(o.Requirements)
			if err := os.CopyFS(filepath.Join(folder, "wheels"), os.DirFS(s.folder)); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(folder, "pins.txt"), encoded("lower<2\r\n", binary.LittleEndian, true))
			got := sources(t, run(t, o).Dist.Path)
			if !slices.Contains(got, "lower.py") || !slices.Contains(got, "boto3/__init__.py") {
				t.Errorf("got %v", got)
			}
		})
	}
	o := s.options(t, "lower\n\xe9\n")
	fails(t, o, o.Requirements, "is neither UTF-8 nor UTF-16; want a text file in UTF-8")
}

func TestPathsAreRelativeToTheRequirementsFile(t *testing.T) {
	s := simple(t)
	for name, requirements := range map[string]string{
		"find-links":                 "--no-index\n--find-links ./wheels\nlower==1.0\n",
		"find-links without dot":     "--no-index\n--find-links=wheels\nlower\n",
		"find-links up":              "--no-index\n-f ../project/wheels\nlower\n",
		"short option":               "--no-index\n-fwheels\nlower\n",
		"options on one line":        "--no-index --find-links ./wheels\nlower\n",
		"quoted with a blank":        "--no-index\n--find-links \"./my wheels\"\nlower\n",
		"find-links as a URL":        "--no-index\n--find-links file:./wheels\nlower\n",
		"wheel":                      "./wheels/lower-1.0-py3-none-any.whl\n",
		"wheel without dot":          "wheels/lower-1.0-py3-none-any.whl\n",
		"wheel beside the file":      "lower-1.0-py3-none-any.whl # a comment\n",
		"wheel with a marker":        "./wheels/lower-1.0-py3-none-any.whl ; python_version >= \"3\"\n",
		"wheel with a blank":         "./my wheels/lower-1.0-py3-none-any.whl\n",
		"name and file URL":          "lower @ file:./wheels/lower-1.0-py3-none-any.whl\n",
		"name and file URL, no dot":  "lower@file:wheels/lower-1.0-py3-none-any.whl\n",
		"name and path":              "lower @ ./wheels/lower-1.0-py3-none-any.whl\n",
		"file URL":                   "file:wheels/lower-1.0-py3-none-any.whl\n",
		"file URL with an escape":    "lower @ file:my%20wheels/lower-1.0-py3-none-any.whl\n",
		"included":                   "-r sub/more.txt\n",
		"included without a blank":   "-rsub/more.txt\n",
		"included with find-links":   "-r sub/links.txt\n",
		"absolute":                   filepath.Join(s.folder, "lower-1.0-py3-none-any.whl") + "\n",
		"with a hash":                "./wheels/lower-1.0-py3-none-any.whl \\\n    --hash=sha256:" + sha(t, filepath.Join(s.folder, "lower-1.0-py3-none-any.whl")) + "\n",
		"requirement with the links": "--no-index\n--find-links ./wheels\nupper # needs lower\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t, "")
			o.Indexes = Indexes{}
			project := filepath.Join(t.TempDir(), "project")
			o.Requirements = filepath.Join(project, "requirements.txt")
			write(t, o.Requirements, requirements)
			write(t, filepath.Join(project, "sub/more.txt"), "../wheels/lower-1.0-py3-none-any.whl\n")
			write(t, filepath.Join(project, "sub/links.txt"), "--no-index\n--find-links ../wheels\nlower\n")
			for _, folder := range []string{"wheels", "my wheels", "."} {
				if err := os.CopyFS(filepath.Join(project, folder), os.DirFS(s.folder)); err != nil {
					t.Fatal(err)
				}
			}
			for _, folder := range []string{project, t.TempDir()} {
				t.Chdir(folder)
				report := run(t, o)
				if got := sources(t, report.Dist.Path); !slices.Contains(got, "lower.py") {
					t.Errorf("in %s: got %v", folder, got)
				}
				if lock := read(t, report.Lock); name != "absolute" && strings.Contains(lock, filepath.Dir(project)) || !strings.Contains(lock, "--hash=sha256:") {
					t.Errorf("in %s: got the lock %s", folder, lock)
				}
			}
		})
	}
}

// A lock with local wheels serves in another checkout, and with pip.
func TestLockOfLocalWheelsIsPortable(t *testing.T) {
	s := simple(t)
	o := s.options(t, "./wheels/lower-1.0-py3-none-any.whl\n")
	o.Indexes = Indexes{}
	folder := filepath.Dir(o.Requirements)
	write(t, filepath.Join(folder, "wheels/lower-1.0-py3-none-any.whl"), read(t, filepath.Join(s.folder, "lower-1.0-py3-none-any.whl")))
	first := run(t, o)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(moved, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	o.Requirements, o.DistDir = filepath.Join(moved, "requirements.txt"), filepath.Join(moved, "dist")
	second := run(t, o)
	if first.Dist.SHA256 != second.Dist.SHA256 || read(t, first.Lock) != read(t, second.Lock) {
		t.Errorf("the moved lock differs:\n%s\n%s", read(t, first.Lock), read(t, second.Lock))
	}
	target := t.TempDir()
	command := exec.Command(localPython(t).program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--no-index", "--require-hashes", "--target", target, "-r", filepath.Base(second.Lock))
	command.Dir = moved
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	read(t, filepath.Join(target, "lower.py"))
}

func TestErrorsNameTheOriginalFile(t *testing.T) {
	o := simple(t).options(t, "lower ===== 1\n")
	fails(t, o, o.Requirements)
	o = simple(t).options(t, "-r absent.txt\n")
	fails(t, o, filepath.Join(filepath.Dir(o.Requirements), "absent.txt"))
}

func sha(t *testing.T, path string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(read(t, path)))
	return hex.EncodeToString(sum[:])
}
