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

// TestKillLeavesAllLinksOrNone kills hydrate at 50 random moments of a start,
// half of them with an earlier zip extracted. Each kill leaves the links to one
// complete zip or none, and the next start succeeds.
func TestKillLeavesAllLinksOrNone(t *testing.T) {
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
	whole := min(startTime(t, b, contents[0]), startTime(t, b, contents[1]))

	random := rand.New(rand.NewPCG(6, 50))
	var nothing, complete int
	for round := range 50 {
		tmp := t.TempDir()
		if round%2 == 0 {
			b.put(contents[0])
			starter(b, tmp, contents[0]).runToEnd(t)
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
		case round%2 == 0 && seen[0] == len(versions[0]) && seen[1] == 0: // killed before the first change
		default:
			t.Fatalf("round %d: after the kill, links to %v files of the two zips", round, seen)
		}
		f.runToEnd(t)
		if seen := [2]int{count(tmp, versions[0]), count(tmp, versions[1])}; seen != [2]int{0, len(versions[1])} {
			t.Fatalf("round %d: after the next start, links to %v files of the two zips", round, seen)
		}
		if left := f.left(t); len(left) != 1 {
			t.Fatalf("round %d: after the next start, folders %v", round, left)
		}
	}
	t.Logf("50 kills: no links after %d, all links after %d", nothing, complete)
	if nothing < 5 {
		t.Errorf("only %d kills interrupted a start", nothing)
	}
}

// starter returns a function that exits after the extraction.
func starter(b *bucket, temporary string, content []byte) *task {
	f := &task{root: temporary, temporary: temporary, environment: b.environment(temporary, content)}
	f.environment[environ.DependenciesLinks] = filepath.Join(temporary, "shown")
	f.command = []string{program, "/bin/true"}
	return f
}

// runToEnd runs a function that exits without an error.
func (f *task) runToEnd(t *testing.T) {
	t.Helper()
	if code, reason, log := f.start(t).End(); code != 0 {
		t.Fatalf("exit code %d, reported error %q\n%s", code, reason, log)
	}
}

// startTime returns the duration of a start.
func startTime(t *testing.T, b *bucket, content []byte) time.Duration {
	t.Helper()
	b.put(content)
	began := time.Now()
	starter(b, t.TempDir(), content).runToEnd(t)
	return time.Since(began)
}

// count returns the number of files that the links lead to with the right
// content.
func count(temporary string, files map[string]string) (found int) {
	for name, want := range files {
		content, err := os.ReadFile(filepath.Join(temporary, "shown", name))
		if err == nil && string(content) == want {
			found++
		}
	}
	return found
}
