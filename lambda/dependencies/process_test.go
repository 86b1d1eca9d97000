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

// The test binary is also the process that gets killed: with these flags it
// makes one object ready and prints the folder.
var (
	childEndpoint  = flag.String("child.endpoint", "", "be a child process, of this S3")
	childDirectory = flag.String("child.directory", "", "the child's directory")
	childSHA256    = flag.String("child.sha256", "", "the object's hash")
	childHold      = flag.Bool("child.hold", false, "hold the folder, print it, and become a shell that waits")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *childEndpoint == "" {
		os.Exit(m.Run())
	}
	e := &Extractor{S3: client(*childEndpoint), Directory: *childDirectory, transfer: tiny}
	ready := e.Ready
	if *childHold {
		ready = e.Hold
	}
	folder, err := ready(context.Background(), Object{Bucket: "assets", Key: "deps/v1.zip", SHA256: *childSHA256})
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

// TestKilledAtAnyMoment kills a process when S3 has answered a random number
// of requests and a random bit later. Whatever that interrupts, a folder that
// is there is complete, and the next start is right and leaves nothing else.
func TestKilledAtAnyMoment(t *testing.T) {
	content, want := big(10)
	var requests int
	{
		s := serve(t, content)
		ready(t, s.extractor(t), object(content))
		requests = len(s.asked())
	}
	random := rand.New(rand.NewPCG(50, 50))
	directory := t.TempDir() + "/deps"
	halfDone, complete := 0, 0
	for round := range 50 {
		s := serve(t, content)
		reached, at := make(chan struct{}), min(requests, 1+random.IntN(requests*5/4)) // the end more often
		s.spoil(func(number int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			if number == at {
				close(reached)
			}
			time.Sleep(time.Millisecond) // or else it is over before anyone is killed
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
		_ = cmd.Wait() // says that it was killed

		if left, _ := filepath.Glob(directory + "/" + partialPrefix + "*"); len(left) > 0 {
			halfDone++
		}
		if folder := filepath.Join(directory, object(content).name()); exists(folder) {
			complete++
			if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
				t.Fatalf("round %d: killed, and yet counted as done: -want +got\n%s", round, diff)
			}
		}
		s.spoil(nil)
		e := s.extractor(t)
		e.Directory = directory
		folder := ready(t, e, object(content))
		if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
			t.Fatalf("round %d: -want +got\n%s", round, diff)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		onlyLock(t, e)
	}
	t.Logf("killed 50 times: %d half-done folders, %d complete ones", halfDone, complete)
	if halfDone < 10 {
		t.Errorf("only %d kills hit an extraction", halfDone)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestProcessesShareADirectory(t *testing.T) {
	content, want := big(11)
	s := serve(t, content)
	e := s.extractor(t)
	var wg sync.WaitGroup
	folders := make([]string, 12)
	for i := range folders {
		wg.Go(func() {
			var err error
			if i%2 == 0 {
				folders[i], err = e.Ready(t.Context(), object(content))
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
	for _, r := range s.asked() {
		if strings.HasPrefix(r, "bytes=-") {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d processes extracted, want one", first)
	}
}
