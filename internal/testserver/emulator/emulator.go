// Package emulator runs a Lambda function's program under AWS's own Lambda Runtime
// Interface Emulator: the init, invoke, reset and shutdown phases are AWS's code. It
// requires Linux.
// https://github.com/aws/aws-lambda-runtime-interface-emulator
//
// The emulator has no limit of 10 s for the init phase, which counts towards the first
// invocation's timeout. Like Lambda, it stops such a start and repeats it in the next
// invocation.
package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"defog-cdk/internal/testserver/daemon"
)

// Supported reports whether the emulator runs on this system.
const Supported = runtime.GOOS == "linux"

// defaultTimeout is so long that no answer of a slow machine reaches it.
const defaultTimeout = 5 * time.Minute

// Config is a function's configuration.
type Config struct {
	Program     string            // the emulator: see Build
	Command     []string          // the function's program and its arguments
	Directory   string            // where the function runs; empty means the server's
	Environment map[string]string // of the function
	Timeout     time.Duration     // of the function, in whole seconds; zero is five minutes
	Private     Private           // file systems that only this function has
}

// Function is a function under the emulator. It takes one event at a time.
type Function struct {
	*daemon.Daemon
	config  Config
	address string
}

// Answer is the result of an invocation.
type Answer struct {
	Status int // 200, or 502 after a failed init or invocation
	Body   string
}

// TimedOut reports whether the function's timeout has ended the invocation.
func (a Answer) TimedOut() bool { return strings.HasPrefix(a.Body, "Task timed out after ") }

// Build compiles the emulator into the file output.
func Build(ctx context.Context, output string) error {
	checkout, err := daemon.Checkout()
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-modfile="+filepath.Join(checkout, ".ci", "tools", "lambda-rie", "go.mod"),
		"-o", output, "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie")
	build.Dir = checkout
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build AWS's runtime interface emulator: %w\n%s", err, out)
	}
	return nil
}

// Start runs the emulator. The first invocation starts the function. The caller closes
// it.
func Start(config Config) (*Function, error) {
	server, err := daemon.New("emulator", "pid", nil)
	if err != nil {
		return nil, err
	}
	f := &Function{Daemon: server, config: config}
	if err := f.start(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Function) start() (err error) {
	timeout := f.config.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	if f.address, err = freeAddress(); err != nil {
		return err
	}
	api, err := freeAddress()
	if err != nil {
		return err
	}
	arguments := append([]string{
		f.config.Program, "--runtime-api-address", api, "--runtime-interface-emulator-address", f.address,
	}, f.config.Command...)
	arguments = append(f.config.Private.command(), arguments...)
	process := f.Command(arguments[0], arguments[1:]...)
	if f.config.Directory != "" {
		process.Dir = f.config.Directory
	}
	process.Env = []string{"AWS_LAMBDA_FUNCTION_TIMEOUT=" + strconv.Itoa(int(timeout/time.Second))}
	for name, value := range f.config.Environment {
		process.Env = append(process.Env, name+"="+value)
	}
	f.config.Private.isolate(process.SysProcAttr)
	return f.Launch(process, func(ctx context.Context) error {
		if err := os.WriteFile(f.Path("pid"), []byte(strconv.Itoa(f.PID())), 0o600); err != nil {
			return fmt.Errorf("write the emulator's process id: %w", err)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.address+"/", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	})
}

// freeAddress returns an unused address of the loopback interface. It has a random host
// in 127.0.0.0/8, because another process could take a port of 127.0.0.1 before the
// emulator does.
func freeAddress() (string, error) {
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// URL is the endpoint of Lambda's Invoke for the function with the name "function".
func (f *Function) URL() string { return "http://" + f.address }

// Invoke sends one event and returns the answer.
func (f *Function) Invoke(ctx context.Context, event []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL()+"/2015-03-31/functions/function/invocations", bytes.NewReader(event))
	if err != nil {
		return Answer{}, fmt.Errorf("invoke the function: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("invoke the function: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("invoke the function: %w", err)
	}
	return Answer{response.StatusCode, string(body)}, nil
}

// Process returns the id of the function's process.
func (f *Function) Process() (int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, fmt.Errorf("find the function's process: %w", err)
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // the process has ended
		}
		id, rest, _ := strings.Cut(string(stat), " (")
		fields := strings.Fields(rest[strings.LastIndex(rest, ")")+1:])
		if len(fields) > 1 && fields[1] == strconv.Itoa(f.PID()) {
			return strconv.Atoi(id)
		}
	}
	return 0, errors.New("find the function's process: the emulator has none")
}

// Close shuts the function down as Lambda does, and ends the emulator.
func (f *Function) Close() error {
	return errors.Join(f.End(syscall.SIGTERM), f.Remove())
}
