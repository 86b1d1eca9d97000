package dependencies

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test binary is also the process to kill: with these flags it extracts one
// object and prints the folder.
var (
	childEndpoint  = flag.String("child.endpoint", "", "run as a child process with this S3 endpoint")
	childDirectory = flag.String("child.directory", "", "the child's directory")
	childSHA256    = flag.String("child.sha256", "", "the object's hash")
	childHold      = flag.Bool("child.hold", false, "hold the folder, print it, and execute a shell that waits")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *childEndpoint == "" {
		os.Exit(m.Run())
	}
	e := &Extractor{S3: client(*childEndpoint), Directory: *childDirectory, transfer: tiny}
	method := e.Extract
	if *childHold {
		method = e.Hold
	}
	folder, err := method(context.Background(), Object{Bucket: "assets", Key: "deps/v1.zip", SHA256: *childSHA256})
	if err != nil {
		log.Fatal(err)
	}
	if *childHold {
		log.Fatal(syscall.Exec("/bin/sh", []string{"sh", "-c", `echo "$0"; read end`, folder}, nil))
	}
	fmt.Print(folder)
}

func child(s *store, directory string, content []byte, more ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append(more, "-child.endpoint="+s.endpoint, "-child.directory="+directory, "-child.sha256="+sha(content))...)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestKillLeavesCompleteFolderOrNone kills a process at random moments of an
// extraction. A published folder is complete, and the next extraction succeeds
// and removes partial folders.
func TestKillLeavesCompleteFolderOrNone(t *testing.T) {
	content, want := big(10)
	var requests int
	{
		s := serve(t, content)
		extracted(t, s.extractor(t), object(content))
		requests = len(s.received())
	}
	random := rand.New(rand.NewPCG(50, 50))
	directory := t.TempDir() + "/deps"
	partials, complete := 0, 0
	for round := range 50 {
		s := serve(t, content)
		reached, at := make(chan struct{}), min(requests, 1+random.IntN(requests*5/4)) // the end more often
		s.inject(func(number int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			if number == at {
				close(reached)
			}
			time.Sleep(time.Millisecond) // otherwise the extraction ends before the kill
			return w, false
		})
		cmd := child(s, directory, content)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-reached
		time.Sleep(time.Duration(random.IntN(8000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait() // returns the kill as an error

		if left, _ := filepath.Glob(directory + "/" + partialPrefix + "*"); len(left) > 0 {
			partials++
		}
		if folder := filepath.Join(directory, object(content).name()); exists(folder) {
			complete++
			if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
				t.Fatalf("round %d: published an incomplete folder: -want +got\n%s", round, diff)
			}
		}
		s.inject(nil)
		e := s.extractor(t)
		e.Directory = directory
		folder := extracted(t, e, object(content))
		if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
			t.Fatalf("round %d: -want +got\n%s", round, diff)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		requireOnlyLock(t, e)
	}
	t.Logf("50 kills: %d partial folders, %d complete ones", partials, complete)
	if partials < 10 {
		t.Errorf("only %d kills interrupted an extraction", partials)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestProcessesShareOneExtraction(t *testing.T) {
	content, want := big(11)
	s := serve(t, content)
	e := s.extractor(t)
	var wg sync.WaitGroup
	folders := make([]string, 12)
	for i := range folders {
		wg.Go(func() {
			var err error
			if i%2 == 0 {
				folders[i], err = e.Extract(t.Context(), object(content))
			} else {
				var out []byte
				out, err = child(s, e.Directory, content).Output()
				folders[i] = string(out)
			}
			if err != nil {
				t.Errorf("process %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	for i, folder := range folders {
		if folder != folders[0] {
			t.Errorf("process %d has %s, the first one %s", i, folder, folders[0])
		}
	}
	if diff := cmp.Diff(want, tree(t, folders[0])); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	first := 0
	for _, r := range s.received() {
		if strings.HasPrefix(r, "bytes=-") {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d processes extracted, want one", first)
	}
}
