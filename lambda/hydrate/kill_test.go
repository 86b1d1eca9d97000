package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"defog-cdk/internal/environ"
)

// TestKilledAtAnyMoment kills hydrate at 50 random moments of a start, half of
// them after an earlier zip was in place. Whatever that interrupts: what is
// shown is all of one zip or nothing, and the next start is right.
func TestKilledAtAnyMoment(t *testing.T) {
	files := func(version string) map[string]string {
		files := map[string]string{"scipy/__init__.py": version}
		for i := range 60 {
			files[fmt.Sprintf("%s_%03d/data", version, i)] = fmt.Sprint(version, i)
		}
		return files
	}
	versions := []map[string]string{files("v1"), files("v2")}
	contents := [][]byte{zipOf(t, versions[0]), zipOf(t, versions[1])}
	b := newBucket(t, contents[0])
	whole := min(lasts(t, b, contents[0]), lasts(t, b, contents[1]))

	random := rand.New(rand.NewPCG(6, 50))
	var nothing, complete int
	for round := range 50 {
		tmp := t.TempDir()
		if round%2 == 0 {
			b.put(contents[0])
			starter(b, tmp, contents[0]).answerless(t)
		}
		b.put(contents[1])
		f := starter(b, tmp, contents[1])
		running := f.start(t)
		time.Sleep(time.Duration(random.Int64N(int64(whole * 5 / 4))))
		if err := running.Process().Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		running.Stop()

		switch seen := [2]int{count(tmp, versions[0]), count(tmp, versions[1])}; {
		case seen == [2]int{0, 0}:
			nothing++
		case seen[1] == len(versions[1]) && seen[0] == 0:
			complete++
		case round%2 == 0 && seen[0] == len(versions[0]) && seen[1] == 0: // not touched yet
		default:
			t.Fatalf("round %d: killed, and %v files of the two zips are shown", round, seen)
		}
		f.answerless(t)
		if seen := [2]int{count(tmp, versions[0]), count(tmp, versions[1])}; seen != [2]int{0, len(versions[1])} {
			t.Fatalf("round %d: the next start shows %v files of the two zips", round, seen)
		}
		if left := f.left(t); len(left) != 1 {
			t.Fatalf("round %d: the next start leaves %v", round, left)
		}
	}
	t.Logf("killed 50 times: nothing was shown %d times, everything %d times", nothing, complete)
	if nothing < 5 {
		t.Errorf("only %d kills hit a start", nothing)
	}
}

// starter is a function that ends at once when its dependencies are there.
func starter(b *bucket, temporary string, content []byte) *task {
	f := &task{root: temporary, temporary: temporary, environment: b.environment(temporary, content)}
	f.environment[environ.DependenciesLinks] = filepath.Join(temporary, "shown")
	f.command = []string{program, "/bin/true"}
	return f
}

// answerless runs a function that ends by itself and well.
func (f *task) answerless(t *testing.T) {
	t.Helper()
	if code, reason, log := f.start(t).End(); code != 0 {
		t.Fatalf("exit code %d, Lambda was told %q\n%s", code, reason, log)
	}
}

// lasts returns how long a start takes.
func lasts(t *testing.T, b *bucket, content []byte) time.Duration {
	t.Helper()
	b.put(content)
	began := time.Now()
	starter(b, t.TempDir(), content).answerless(t)
	return time.Since(began)
}

// count returns how many files are shown with the right content, where scipy
// is; where it is not, there must be none.
func count(temporary string, files map[string]string) (found int) {
	for name, want := range files {
		content, err := os.ReadFile(filepath.Join(temporary, "shown", name))
		if err == nil && string(content) == want {
			found++
		}
	}
	return found
}
