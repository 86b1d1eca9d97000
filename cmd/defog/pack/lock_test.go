package pack

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestALockFileIsUsedAgain(t *testing.T) {
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
		t.Errorf("a further requirement changes other versions: %s", got)
	}

	o.Upgrade = true
	if got := read(t, run(t, o).Lock); !strings.Contains(got, "\nlower==2.0 ") {
		t.Errorf("--upgrade leaves the old version: %s", got)
	}
}

func TestAnotherFileUnderALockedVersionIsRefused(t *testing.T) {
	s := simple(t)
	o := s.options(t, "lower\n")
	run(t, o)
	s.wheel(t, "lower", "1.0", "py3-none-any", map[string]string{"lower.py": "evil = True\n"})
	t.Setenv("UV_CACHE_DIR", t.TempDir()) // the right file is in the other one
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(strings.ToLower(err.Error()), "hash") {
		t.Errorf("got %v", err)
	}
}

// The lock file is an ordinary requirements file.
func TestPipTakesALockFile(t *testing.T) {
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

func TestFindLinksAreFoundFromHere(t *testing.T) {
	s := simple(t)
	o := s.options(t, "lower\n")
	t.Chdir(filepath.Dir(s.folder))
	o.Indexes.FindLinks = []string{filepath.Base(s.folder)}
	run(t, o)
}

func TestIndexesInTheRequirementsAreUsedAndNotLocked(t *testing.T) {
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
		t.Errorf("a change of an included file goes unnoticed: %s", lock)
	}
}
