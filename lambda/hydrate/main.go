// Command hydrate extracts a function's dependencies, a zip in S3, and then
// starts the function's runtime. Its environment (see internal/environ) names
// the zip.
//
// A managed runtime starts it as AWS_LAMBDA_EXEC_WRAPPER with the runtime's
// command as arguments. For a provided runtime it is the function's bootstrap,
// and environ.FunctionCommand is the command to start.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"defog-cdk/internal/release"
	"defog-cdk/lambda/dependencies"
)

// initTime is the delay of the warning about a slow start, less than Lambda's
// timeout of 10 s.
const initTime = 9 * time.Second

func main() {
	h := &hydrate{get: os.Getenv, log: newLogger(os.Stdout).With(release.LogKey, release.Version), warnAfter: initTime}
	err := h.run(context.Background(), os.Args[1:]) // on success, the runtime replaces this process
	h.log.Error("hydrate failed", "error", err)
	h.report(err)
	os.Exit(1)
}

// newLogger returns a logger that writes one JSON object per line, with the keys
// that Lambda reads.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey && len(groups) == 0 {
				attr.Key = "timestamp"
			}
			return attr
		},
	}))
}

// hydrate is the program.
type hydrate struct {
	get       func(string) string // the environment
	log       *slog.Logger
	warnAfter time.Duration // delay of the warning about a slow start
}

// run extracts the dependencies and starts the runtime. It returns only on an
// error.
func (h *hydrate) run(ctx context.Context, arguments []string) error {
	s, err := readSettings(h.get)
	if err != nil {
		return &failure{"Hydrate.Settings", err}
	}
	slow := time.AfterFunc(h.warnAfter, func() {
		h.log.Warn("dependencies are not extracted yet; Lambda stops a start after 10 s and repeats it within the function's timeout, "+
			"which resumes the extraction", "object", s.object.String(), "after", h.warnAfter.String())
	})
	extractor := dependencies.Extractor{S3: s.aws.S3(), Directory: s.directory, MaxBytes: s.maxBytes, Log: h.log}
	folder, err := extractor.Hold(ctx, s.object)
	slow.Stop()
	if err != nil {
		return &failure{kindOf(err), err}
	}
	if s.links != "" {
		if err := linkInto(s.links, folder, h.log); err != nil {
			return &failure{"Hydrate.Links", err}
		}
	}
	return &failure{"Hydrate.Start", start(s.commandFor(arguments), environment(os.Environ(), folder))}
}
