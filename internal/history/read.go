package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Source holds the objects: a bucket, or a copy of one as a folder.
type Source interface {
	// List returns the keys below a prefix that follow another key, in their order.
	List(ctx context.Context, prefix, after string) ([]string, error)

	// Read returns an object. Its error is fs.ErrNotExist for a missing one.
	Read(ctx context.Context, key string) ([]byte, error)
}

// Records returns the records of the questions since a day, in the order of their
// times.
func Records(ctx context.Context, source Source, since time.Time) ([]Record, error) {
	records, err := read[Record](ctx, source, RecordPrefix, since)
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.RequestID, b.RequestID))
	})
	return records, err
}

// Ratings returns the feedback on the questions since a day, in the order of its times.
// Each answer has one at most.
func Ratings(ctx context.Context, source Source, since time.Time) ([]Feedback, error) {
	ratings, err := read[Feedback](ctx, source, FeedbackPrefix, since)
	slices.SortStableFunc(ratings, func(a, b Feedback) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.RequestID, b.RequestID))
	})
	return ratings, err
}

// readers is how many objects are read at once.
const readers = 16

func read[T Record | Feedback](ctx context.Context, source Source, prefix string, since time.Time) ([]T, error) {
	keys, err := source.List(ctx, prefix, prefix+"day="+Day(since)) // a day's keys follow its name
	if err != nil {
		return nil, err
	}
	found := make([][]T, len(keys))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, key := range keys {
		if !strings.HasSuffix(key, suffix) {
			continue // such as a note beside the objects
		}
		group.Go(func() error {
			content, err := source.Read(ctx, key)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it has expired meanwhile
			}
			if err != nil {
				return err
			}
			if found[i], err = Decode[T](content); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

// Folder is a copy of a bucket, such as one of aws s3 sync.
type Folder struct{ FS fs.FS }

// Directory is the path of a folder in place of a bucket, for a function without AWS.
type Directory string

// Write replaces the file of a record or of feedback. Only its owner can read it.
func (d Directory) Write(_ context.Context, key string, content []byte) error {
	file := filepath.Join(string(d), filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file) // a reader finds all of it or nothing
}

// Read returns a file, as Source's.
func (d Directory) Read(ctx context.Context, key string) ([]byte, error) {
	return Folder{os.DirFS(string(d))}.Read(ctx, key)
}

// List implements Source.
func (f Folder) List(_ context.Context, prefix, after string) (keys []string, err error) {
	err = fs.WalkDir(f.FS, path.Clean(prefix), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && name > after {
			keys = append(keys, name)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no question, or no feedback
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	slices.Sort(keys)
	return keys, nil
}

// Read implements Source.
func (f Folder) Read(_ context.Context, key string) ([]byte, error) { return fs.ReadFile(f.FS, key) }
