// Package dependencies extracts a zip in S3 to a folder.
//
// It does not store the zip. The first request returns the zip's last bytes,
// with the list of members. Further requests fetch the rest by range in
// parallel. The content is hashed in order, and each member is inflated into its
// file. A small zip takes one request.
//
// A folder's name depends on the zip's content. A rename publishes the folder
// after the extraction, so a published folder is complete, also after kills and
// with concurrent processes. An attempt resumes the work of one that was killed
// or timed out, so repeated short attempts succeed.
package dependencies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// DefaultMaxBytes is the default size of Lambda's /tmp.
const DefaultMaxBytes = 512 << 20

// S3 holds the methods of *s3.Client that an Extractor calls.
type S3 interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Extractor extracts zips below one directory.
type Extractor struct {
	S3        S3
	Directory string       // parent of the folders; created if necessary
	MaxBytes  int64        // limit of the files' total size; 0 means DefaultMaxBytes
	Log       *slog.Logger // nil for no log

	transfer transfer // zero except in tests
}

// Extract returns the folder with the object's content, and extracts it if
// necessary. After an extraction, an object with a SHA256 or a VersionID costs
// one stat. Without either, each call requests the ETag from S3.
//
// Several processes may call Extract with the same Directory: one extracts, and
// the others wait. If an attempt is killed, times out or fails at S3, the next
// one resumes it, provided that the object is the same. Files of other attempts
// are removed. Transient S3 errors are retried until ctx ends, at most ten times
// per request. The bucket may be in another region than the client.
//
// The error is one line and names bucket and key. It wraps a *RefusedError for
// an invalid, hostile or unexpected zip, a *FetchError for an error of S3, or
// the error of ctx.
func (e *Extractor) Extract(ctx context.Context, object Object) (string, error) {
	return e.extract(ctx, object, func(string) error { return nil })
}

// extract adds the object's name to the error.
func (e *Extractor) extract(ctx context.Context, object Object, before func(name string) error) (string, error) {
	folder, err := e.folder(ctx, object, before)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "", fmt.Errorf("dependencies %s: %w: check ephemeral_storage", object, err)
	case err != nil:
		return "", fmt.Errorf("dependencies %s: %w", object, err)
	}
	return folder, nil
}

// folder calls before with the folder's name ahead of an extraction.
func (e *Extractor) folder(ctx context.Context, object Object, before func(name string) error) (string, error) {
	if err := object.validate(); err != nil {
		return "", err
	}
	if folder, ok := e.done(object.name()); ok {
		return folder, nil
	}
	if err := os.MkdirAll(e.Directory, 0o700); err != nil {
		return "", fmt.Errorf("create the directory: %w", err)
	}
	unlock, err := lock(ctx, e.Directory)
	if err != nil {
		return "", err
	}
	defer unlock()
	if folder, ok := e.done(object.name()); ok { // extracted by the former holder of the lock
		return folder, nil
	}

	start := time.Now()
	log := cmp.Or(e.Log, slog.New(slog.DiscardHandler))
	src := &source{s3: e.S3, object: object, transfer: e.transfer.orDefault(), log: log}
	if err := src.open(ctx); err != nil {
		return "", err
	}
	name := cmp.Or(object.name(), object.nameByETag(src.etag))
	if folder, ok := e.done(name); ok {
		return folder, nil
	}
	p, err := src.plan(ctx, cmp.Or(e.MaxBytes, DefaultMaxBytes))
	if err != nil {
		return "", err
	}
	if err := before(name); err != nil {
		return "", err
	}
	found := 0
	folder, err := publish(e.Directory, name, p.identity, func(partial string) (err error) {
		found, err = extract(ctx, src, p, partial)
		return err
	})
	if err != nil {
		return "", err
	}
	log.InfoContext(ctx, "dependencies extracted", "object", object.String(), "folder", folder, "zipped_bytes", src.size,
		"bytes", p.Bytes, "members", len(p.Members), "found", found, "duration", time.Since(start))
	return folder, nil
}

// done returns the path of the folder, and whether it is published.
func (e *Extractor) done(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	folder := filepath.Join(e.Directory, name)
	info, err := os.Lstat(folder)
	return folder, err == nil && info.IsDir()
}
