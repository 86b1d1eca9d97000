package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/runtimeapi"
)

// bench is what all measurements share.
type bench struct {
	options
	python   string // the interpreter
	hydrate  string
	server   *server
	endpoint string
}

// way is one of those from S3 to an answer.
type way struct {
	name       string
	key        string // of its zip
	oneRequest bool   // instead of boto3, which makes ten at a time
	hydrate    bool
	code       string // packages that come with the function
}

func (b *bench) ways() []way {
	ways := []way{
		{name: "boto3, unzip, delete", key: original},
		{name: "one request, unzip, delete", key: original, oneRequest: true},
		{name: "hydrate", key: original, hydrate: true},
	}
	if b.packed != "" {
		ways = append(ways, way{name: "hydrate, packed", key: packed, hydrate: true, code: b.code})
	}
	return ways
}

// result is what one start took.
type result struct {
	ready  time.Duration // until the files are there
	answer time.Duration // of a whole function, until its first answer
	memory int64         // of hydrate, at most; 0 for another
	disk   int64         // at most
	warm   time.Duration // of a second start of hydrate, as a process; 0 for another
}

// measure lets the ways take turns and returns the best of each.
func (b *bench) measure(ctx context.Context, cpus int, ways []way) ([]result, error) {
	best := make([]result, len(ways))
	for round := range b.rounds {
		for turn := range ways {
			i := (turn + round) % len(ways) // the disk works after a way for the next
			w := ways[i]
			log.Printf("cores: %d, round %d of %d: %s", cpus, round+1, b.rounds, w.name)
			r, err := b.start(ctx, w, cpus)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			if round == 0 {
				best[i] = r
			}
			for _, better := range []struct{ best, now *time.Duration }{
				{&best[i].ready, &r.ready}, {&best[i].answer, &r.answer}, {&best[i].warm, &r.warm},
			} {
				*better.best = min(*better.best, *better.now)
			}
			best[i].memory = max(best[i].memory, r.memory)
			best[i].disk = max(best[i].disk, r.disk)
		}
	}
	return best, nil
}

// start measures one way twice: to the files, and to the first answer.
func (b *bench) start(ctx context.Context, w way, cpus int) (r result, err error) {
	err = b.inFreshFolder(func(temporary string) error {
		before := free(temporary)
		lowest := watchDisk(temporary)
		r, err = b.ready(ctx, w, cpus, temporary)
		r.disk = before - lowest()
		return err
	})
	if err != nil {
		return r, err
	}
	err = b.inFreshFolder(func(temporary string) error {
		r.answer, err = b.answer(w, cpus, temporary)
		return err
	})
	return r, err
}

// ready measures the time to the files. Of the old way it excludes the start of
// Python and the import of boto3.
func (b *bench) ready(ctx context.Context, w way, cpus int, temporary string) (r result, err error) {
	if !w.hydrate {
		m, err := b.run(ctx, w, cpus, temporary, b.python, "-c", handler+"\nprepare()\n")
		if err != nil {
			return r, err
		}
		var seconds float64
		if _, err := fmt.Sscanf(m.Output, "ready %g", &seconds); err != nil {
			return r, fmt.Errorf("read how long it took in %q: %w", m.Output, err)
		}
		r.ready = time.Duration(seconds * float64(time.Second))
		return r, nil
	}
	m, err := b.run(ctx, w, cpus, temporary, b.hydrate, "/bin/true")
	if err != nil {
		return r, err
	}
	r.ready, r.memory = m.Elapsed, m.Memory
	for range 20 {
		m, err := b.run(ctx, w, cpus, temporary, b.hydrate, "/bin/true")
		if err != nil {
			return r, err
		}
		if r.warm == 0 || m.Elapsed < r.warm {
			r.warm = m.Elapsed
		}
	}
	return r, nil
}

// answer measures a whole function.
func (b *bench) answer(w way, cpus int, temporary string) (time.Duration, error) {
	root := filepath.Join(temporary, "task")
	if err := os.MkdirAll(root, 0o750); err != nil {
		return 0, fmt.Errorf("make the function: %w", err)
	}
	if err := os.WriteFile(filepath.Join(root, "handler.py"), []byte(handler), 0o644); err != nil {
		return 0, fmt.Errorf("make the function: %w", err)
	}
	command := onCPUs(cpus, b.python, "-m", "awslambdaric", "handler.handler")
	if w.hydrate {
		command = onCPUs(cpus, b.hydrate, b.python, "-m", "awslambdaric", "handler.handler")
	}
	event, err := json.Marshal(list(b.imports))
	if err != nil {
		return 0, fmt.Errorf("make the event: %w", err)
	}
	began := time.Now()
	f, err := runtimeapi.Start(runtimeapi.Config{
		Command: command, Environment: b.environment(w, temporary), Directory: root, Timeout: 5 * time.Minute,
	})
	if err != nil {
		return 0, err
	}
	_, err = f.Invoke(event)
	took := time.Since(began)
	if log := f.Stop(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, log)
	}
	return took, nil
}

// environment is the function's, with temporary in the place of /tmp.
func (b *bench) environment(w way, temporary string) map[string]string {
	variables := map[string]string{
		"PATH": os.Getenv("PATH"), "TMPDIR": temporary, "HOME": temporary,
		"AWS_ENDPOINT_URL": b.endpoint, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
		"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
		"S3_BUCKET_NAME": "bench", "FUNCTION_DEPENDENCIES_KEY": w.key,
	}
	if w.oneRequest {
		variables["BENCH_ONE_REQUEST"] = "1"
	}
	if w.code != "" {
		variables["PYTHONPATH"] = w.code
	}
	if w.hydrate {
		variables[environ.DependenciesBucket] = "bench"
		variables[environ.DependenciesKey] = w.key
		variables[environ.DependenciesHash] = b.server.objects[w.key].hash
		variables[environ.DependenciesMaxMB] = "4096"
		variables[environ.DependenciesLinks] = temporary
	}
	return variables
}

func (b *bench) inFreshFolder(do func(temporary string) error) error {
	temporary, err := os.MkdirTemp(b.directory, "bench-")
	if err != nil {
		return fmt.Errorf("make a fresh folder: %w", err)
	}
	err = do(temporary)
	if removeErr := os.RemoveAll(temporary); err == nil && removeErr != nil {
		return fmt.Errorf("remove the folder: %w", removeErr)
	}
	syscall.Sync() // or else the next one pays for it
	return err
}

// measurement is the result of a child that ran a program.
type measurement struct {
	Elapsed time.Duration
	Memory  int64 // bytes at most
	Output  string
}

// run starts the program in a small child process, because the system's count of a
// program's memory includes the process that started it.
func (b *bench) run(ctx context.Context, w way, cpus int, temporary string, command ...string) (m measurement, err error) {
	self, err := os.Executable()
	if err != nil {
		return m, fmt.Errorf("find this program: %w", err)
	}
	command = onCPUs(cpus, append([]string{self, "-child", "--"}, command...)...)
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	for name, value := range b.environment(w, temporary) {
		child.Env = append(child.Env, name+"="+value)
	}
	var problems strings.Builder
	child.Stderr = &problems
	out, err := child.Output()
	if err != nil {
		return m, fmt.Errorf("%w\n%s", err, problems.String())
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, fmt.Errorf("read the measurement: %w", err)
	}
	return m, nil
}

// measure runs the command and prints the measurement as JSON.
func measure(ctx context.Context, command []string) error {
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	began := time.Now()
	out, err := program.Output()
	m := measurement{Elapsed: time.Since(began), Output: string(out)}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", command[0], err, out)
	}
	if usage, ok := program.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.Memory = usage.Maxrss << 10
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// onCPUs returns the command so that it has so many CPUs.
func onCPUs(cpus int, command ...string) []string {
	if cpus > 1 {
		return command
	}
	return append([]string{"taskset", "-c", "0"}, command...)
}
