// Command hydrate readies a function's dependencies, a zip in S3, as a folder
// and then becomes the function's runtime. Its environment (see internal/environ)
// says which zip.
//
// A managed runtime starts it as AWS_LAMBDA_EXEC_WRAPPER, with the runtime's
// own command as arguments. For a provided runtime it is the function's
// bootstrap, and environ.FunctionCommand says what to start.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"defog-cdk/lambda/dependencies"
)

// initTime is a little less than the 10 s that Lambda gives a function to
// start.
const initTime = 9 * time.Second

func main() {
	h := &hydrate{get: os.Getenv, log: newLogger(os.Stdout), patience: initTime}
	err := h.run(context.Background(), os.Args[1:])
	// Running well, it would have become another program.
	h.log.Error("hydrate failed", "error", err)
	h.report(err)
	os.Exit(1)
}

// newLogger returns a logger that writes one JSON object a line, with the keys
// that Lambda looks for.
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
	get      func(string) string // the environment
	log      *slog.Logger
	patience time.Duration // after which the log says that it takes long
}

// run does not return unless something is wrong.
func (h *hydrate) run(ctx context.Context, arguments []string) error {
	s, err := readSettings(h.get)
	if err != nil {
		return &failure{"Hydrate.Settings", err}
	}
	slow := time.AfterFunc(h.patience, func() {
		h.log.Warn("dependencies are not ready yet; Lambda ends a start after 10 s and repeats it within the function's timeout, "+
			"which goes on from here", "object", s.object.String(), "after", h.patience.String())
	})
	extractor := dependencies.Extractor{S3: s.aws.s3(), Directory: s.directory, MaxBytes: s.maxBytes, Log: h.log}
	folder, err := extractor.Hold(ctx, s.object)
	slow.Stop()
	if err != nil {
		return &failure{kindOf(err), err}
	}
	if s.links != "" {
		if err := showIn(s.links, folder, h.log); err != nil {
			return &failure{"Hydrate.Links", err}
		}
	}
	return &failure{"Hydrate.Start", start(s.commandFor(arguments), environment(os.Environ(), folder))}
}
