package main

import (
	"context"
	"os"
	"time"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/history"
	"defog-cdk/internal/history/bucket"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/extension"
	"defog-cdk/lambda/feedback"
	"defog-cdk/lambda/recorder"
)

// registerTime is the timeout of the extension's registration, whose API is in the
// function's environment.
const registerTime = time.Second

// keepHistory lets the handler keep history and feedback, if a bucket or a folder for
// them exists.
func (s *service) keepHistory(handler *ask.Handler) {
	var objects feedback.Objects
	switch {
	case s.historyFolder != "":
		objects = history.Directory(s.historyFolder)
	case s.historyBucket != "":
		objects = bucket.Bucket{Client: s.aws.S3(), Name: s.historyBucket}
	default:
		return
	}
	s.recorder = &recorder.Recorder{Write: objects.Write, Failed: handler.HistoryFailed}
	handler.Record = s.recorder.Add
	handler.Ratings = &feedback.Store{Objects: objects}
}

// startHistory writes history after each answer, until ctx ends. On Lambda, an extension
// keeps the process from its freeze meanwhile. Local AWS has no extensions, and freezes
// nothing.
func (s *service) startHistory(ctx context.Context) {
	if s.recorder == nil {
		return
	}
	inBackground := func(err error) {
		s.log.WarnContext(ctx, "history is written in the background, since the extension does not run: Lambda may delay it", "cause", err)
	}
	registered, err := s.registerExtension(ctx)
	if err != nil {
		inBackground(err)
		s.recorder.Background(ctx)
		return
	}
	s.recorder.Extend(ctx, registered, inBackground)
	s.relaunch.after = s.recorder.Ended
	s.relaunch.before = func() {
		// Ended is not called: the extension of the next program must be the first to
		// call Next.
		s.recorder.Flush(ctx)
		if err := os.Setenv(environ.ExtensionID, registered.ID); err != nil {
			s.log.ErrorContext(ctx, "the extension cannot be resumed", "cause", err)
		}
	}
}

// registerExtension registers the extension, or resumes that of the program that this one
// replaced.
func (s *service) registerExtension(ctx context.Context) (*extension.Extension, error) {
	if s.extensionID != "" {
		return extension.Resume(s.runtimeAPI, s.extensionID), nil
	}
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	return extension.Register(ctx, s.runtimeAPI, "defog-history")
}
