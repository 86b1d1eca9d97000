package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"defog-cdk/local"
)

// callerMode names the variable that makes a process of this test binary a caller of
// the package. The process starts a local AWS and writes a notice to standard output.
// The variable's value is the mode: wait for a signal, or keep local AWS running.
const callerMode = "LOCAL_TEST_CALLER"

// notice is what a caller reports to its test.
type notice struct {
	Endpoint   string
	Supervisor int // when kept
}

func TestMain(m *testing.M) {
	if mode := os.Getenv(callerMode); mode != "" {
		if err := call(mode); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if flag.Parse(); testing.Short() {
		fmt.Println("skipped: needs local AWS")
		return
	}
	os.Exit(m.Run())
}

func call(mode string) (err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	aws, err := local.Start(ctx, "..")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, aws.Stop()) }()
	started := notice{Endpoint: aws.Endpoint()}
	if mode == "keep" {
		if started.Supervisor, err = aws.Keep(); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(started); err != nil {
		return err
	}
	switch mode {
	case "wait":
		<-ctx.Done()
	case "synth":
		return aws.CDK(ctx, os.Stderr, "synth", "--app", "exec sleep 1000")
	}
	return nil
}

// caller is a running caller, with a temporary directory of its own.
type caller struct {
	*exec.Cmd
	notice
	temp string
}

func startCaller(t *testing.T, mode string) *caller {
	t.Helper()
	c := &caller{Cmd: exec.Command(os.Args[0]), temp: t.TempDir()}
	c.Env = append(c.Environ(), callerMode+"="+mode, "TMPDIR="+c.temp)
	c.Stderr = os.Stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // it may have ended
	if err := json.NewDecoder(stdout).Decode(&c.notice); err != nil {
		t.Fatal(err)
	}
	return c
}

// end sends the signal and waits until every process that the caller had
// started and every file of its local AWS is gone.
func (c *caller) end(t *testing.T, signal os.Signal) {
	t.Helper()
	started := descendants(t, c.Process.Pid)
	if len(started) < 2 {
		t.Fatalf("the caller has started %v: want the supervisor and MiniStack at least", started)
	}
	if err := c.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // its status shows only how it ended
	c.gone(t, started)
}

func (c *caller) gone(t *testing.T, started map[int]string) {
	t.Helper()
	for pid, command := range started {
		waitFor(t, command+" to end", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
	}
	waitFor(t, "all files to go", func() bool {
		left, err := os.ReadDir(c.temp)
		return err == nil && len(left) == 0
	})
}

// descendants lists the commands of all processes below pid.
func descendants(t *testing.T, pid int) map[int]string {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,command=").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	below := map[int]bool{pid: true}
	for known := 0; known < len(below); {
		known = len(below)
		for line := range strings.Lines(string(out)) {
			var pid, parent int
			var command string
			if _, err := fmt.Sscanf(line, "%d %d %s", &pid, &parent, &command); err != nil {
				t.Fatalf("ps: %q: %v", line, err)
			}
			if below[parent] {
				below[pid] = true
				found[pid] = line
			}
		}
	}
	return found
}

// waitFor waits until the condition holds, or fails with the test's deadline.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-t.Context().Done():
			t.Errorf("the test ended while it waited for %s", what)
			return
		case <-tick.C:
		}
	}
}

func TestCallerEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		signal os.Signal
	}{
		{"interrupted", os.Interrupt},
		{"terminated", syscall.SIGTERM}, // the caller does not catch it
		{"killed", os.Kill},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := startCaller(t, "wait")
			invokeForever(t, c)
			c.end(t, test.signal)
		})
	}
}

// A caller that dies in the middle of a cdk command takes that along.
func TestCallerKilledDuringSynth(t *testing.T) {
	c := startCaller(t, "synth")
	c.running(t, "sleep 1000")
	c.end(t, os.Kill)
}

func TestKeep(t *testing.T) {
	c := startCaller(t, "keep")
	started := descendants(t, c.Supervisor)
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(c.Endpoint + "/_localstack/health")
	if err != nil {
		t.Fatalf("it did not outlive its caller: %v", err)
	}
	response.Body.Close()
	if err := syscall.Kill(c.Supervisor, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	c.gone(t, started)
}

// running waits until the caller's descendants run all commands.
func (c *caller) running(t *testing.T, commands ...string) {
	t.Helper()
	waitFor(t, strings.Join(commands, ", "), func() bool {
		all := strings.Join(slices.Collect(maps.Values(descendants(t, c.Process.Pid))), "")
		return !slices.ContainsFunc(commands, func(command string) bool {
			return !strings.Contains(all, " "+command+"\n")
		})
	})
}

// invokeForever has the caller's local AWS run a function that never ends,
// with a child process and, on Linux, one that leaves the process group.
func invokeForever(t *testing.T, c *caller) {
	t.Helper()
	script := "#!/bin/sh\nsleep 1001 &\n"
	want := []string{"sleep 1001", "sleep 1003"}
	if runtime.GOOS == "linux" {
		script += "setsid sleep 1002 &\n"
		want = append(want, "sleep 1002")
	}
	client := lambda.New(lambda.Options{
		BaseEndpoint: &c.Endpoint,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	createFunction(t, client, "forever", script+"exec sleep 1003\n", nil)
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName:   awssdk.String("forever"),
		InvocationType: types.InvocationTypeEvent,
	}); err != nil {
		t.Fatal(err)
	}
	c.running(t, want...)
}
