package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/aws/aws-lambda-go/lambda"
)

// relaunch replaces the process after an answer: a statement that does not stop
// keeps a processor and its memory. Lambda takes an exit for a failure of the
// question, so the program starts anew in the same process.
type relaunch struct {
	needed atomic.Bool
	log    *slog.Logger
	exec   func() error // returns only an error
	before func()       // what the process must finish; nil for nothing
	after  func()       // called once Lambda has an answer, or none; nil for nothing
}

func newRelaunch(log *slog.Logger) *relaunch { return &relaunch{log: log, exec: execute} }

// request has the process restart after the answer of the running question.
func (r *relaunch) request() { r.needed.Store(true) }

// restart replaces the process if it was requested.
func (r *relaunch) restart() {
	if !r.needed.Load() {
		return
	}
	r.log.Warn("a statement does not stop; the process restarts")
	if r.before != nil {
		r.before()
	}
	if err := r.exec(); err != nil {
		r.log.Error("the restart failed; the process exits", "cause", err)
		os.Exit(1)
	}
}

// ended reports the end of an invocation.
func (r *relaunch) ended() {
	if r.after != nil {
		r.after()
	}
}

// execute replaces the process's program with a new start of itself.
func execute() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return syscall.Exec(program, os.Args, os.Environ()) //nolint:gosec // the program itself
}

// response is an answer. The Lambda library closes it once Lambda has it.
type response struct {
	*bytes.Reader
	relaunch *relaunch
}

// Close implements io.Closer.
func (r response) Close() error { //nolint:unparam // io.Closer
	r.relaunch.restart()
	r.relaunch.ended()
	freeMemory()
	return nil
}

// keptHeapBytes is what the process keeps of the heap after an answer.
const keptHeapBytes = 10 << 20

// freeMemory returns the memory of a large answer to the system: SQLite's memory
// is outside of the heap, and the next statement may fill it.
func freeMemory() {
	heap := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(heap)
	var held uint64
	for _, part := range heap {
		held += part.Value.Uint64()
	}
	if held > keptHeapBytes {
		debug.FreeOSMemory()
	}
}

// lambdaHandler returns the handler in the form that closes its responses.
func (r *relaunch) lambdaHandler(handler lambda.Handler) func(context.Context, json.RawMessage) (io.Reader, error) {
	return func(ctx context.Context, payload json.RawMessage) (io.Reader, error) {
		out, err := handler.Invoke(ctx, payload)
		if err != nil {
			r.ended()
			return nil, err
		}
		return response{bytes.NewReader(out), r}, nil
	}
}

// limitMemory has the garbage collector keep to three eighths of the function's
// memory. The rest is for the program, SQLite and the drivers' buffers. GOMEMLIMIT
// takes precedence.
func limitMemory(get func(string) string) {
	if megabytes, err := strconv.Atoi(get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")); err == nil && megabytes > 0 &&
		get("GOMEMLIMIT") == "" && megabytes < math.MaxInt32 {
		debug.SetMemoryLimit(int64(megabytes) << 20 * 3 / 8)
	}
}
