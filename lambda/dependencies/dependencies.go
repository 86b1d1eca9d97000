// Package dependencies makes a zip in S3 available as a folder.
//
// The zip is never on disk. Its last bytes, which hold the list of its
// members, come by one request; the rest is fetched by range in parallel,
// hashed in order, and each member is inflated straight into its file. A
// small zip needs that one request and no other.
//
// A folder is named by its zip's content and appears by a rename when it is
// complete, so one that is there is right, whatever was killed before and
// whoever else extracts into the same directory. See Extractor.Ready. What a
// killed or starved attempt has finished is where the next one begins, so that
// an attempt that is given too little time is not made for ever.
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

// DefaultMaxBytes is the size of Lambda's /tmp unless a function asks for
// more.
const DefaultMaxBytes = 512 << 20

// S3 is what an Extractor needs of *s3.Client.
type S3 interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Extractor extracts zips below one directory.
type Extractor struct {
	S3        S3
	Directory string       // where the folders are; made when it is absent
	MaxBytes  int64        // the most bytes that a folder's files may hold; 0 means DefaultMaxBytes
	Log       *slog.Logger // nil means silence

	transfer transfer // the zero value but in tests
}

// Ready returns the folder with the object's content, and extracts it first
// where that has not been done. An object with a SHA256 or a VersionID that
// has been extracted costs one stat; without either, S3 is asked for the ETag
// each time.
//
// Several processes may call Ready with the same Directory: one extracts, the
// others wait for it. Where a killed one was, or one whose ctx ended or that S3
// failed, the next goes on if the object is still the same; anything else is
// removed. Transient faults of S3 are retried, a request ten times at most,
// while ctx lasts. A bucket in another region than the client is read there.
//
// The error wraps a *RefusedError when the zip is broken, hostile or another
// one than expected, a *FetchError when S3 does not give it, or ctx's own. It
// is one line and names bucket and key.
func (e *Extractor) Ready(ctx context.Context, object Object) (string, error) {
	return e.named(ctx, object, func(string) error { return nil })
}

// named names the object in whatever goes wrong.
func (e *Extractor) named(ctx context.Context, object Object, before func(name string) error) (string, error) {
	folder, err := e.ready(ctx, object, before)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "", fmt.Errorf("dependencies %s: %w: check ephemeral_storage", object, err)
	case err != nil:
		return "", fmt.Errorf("dependencies %s: %w", object, err)
	}
	return folder, nil
}

// ready calls before with the folder's name when it is about to be made.
func (e *Extractor) ready(ctx context.Context, object Object, before func(name string) error) (string, error) {
	if err := object.validate(); err != nil {
		return "", err
	}
	if folder, ok := e.done(object.name()); ok {
		return folder, nil
	}
	if err := os.MkdirAll(e.Directory, 0o700); err != nil {
		return "", fmt.Errorf("make the directory: %w", err)
	}
	unlock, err := lock(ctx, e.Directory)
	if err != nil {
		return "", err
	}
	defer unlock()
	if folder, ok := e.done(object.name()); ok { // by whom we waited for
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

// done reports whether the folder of that name is there, and so complete.
func (e *Extractor) done(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	folder := filepath.Join(e.Directory, name)
	info, err := os.Lstat(folder)
	return folder, err == nil && info.IsDir()
}
