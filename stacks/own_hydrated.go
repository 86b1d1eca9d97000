package stacks

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"defog-cdk/internal/environ"
)

// hydratedCode returns the function's code with hydrate as its bootstrap, and
// its own bootstrap, if it has one, where hydrate looks for it. The same code
// gives the same zip, byte by byte. It waits for the compiler. Inputs.Remove
// deletes the zip.
func (i *Inputs) hydratedCode() (*Zip, error) {
	program, err := i.Code.Directory()
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "defog-code-")
	if err != nil {
		return nil, fmt.Errorf("put hydrate in front of the code: %w", err)
	}
	made := &Zip{Path: filepath.Join(directory, "function.zip"), directory: directory}
	i.Own.hydrated = append(i.Own.hydrated, made)
	if err := rebuild(i.Own.Code.Path, made.Path, filepath.Join(program, bootstrap)); err != nil {
		return nil, fmt.Errorf("put hydrate in front of the code: %w", err)
	}
	return made, nil
}

// rebuild copies a zip's members, in the order of their names, with another
// bootstrap.
func rebuild(from, to, program string) (err error) {
	source, err := zip.OpenReader(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()

	archive := zip.NewWriter(target)
	slices.SortStableFunc(source.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	for _, member := range source.File {
		if err := copyMember(archive, member); err != nil {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
	}
	if err := addExecutable(archive, bootstrap, program); err != nil {
		return err
	}
	return archive.Close()
}

func copyMember(archive *zip.Writer, member *zip.File) error {
	header := member.FileHeader
	if header.Name == bootstrap {
		header.Name = environ.OriginalBootstrap
	}
	content, err := member.OpenRaw()
	if err != nil {
		return err
	}
	copied, err := archive.CreateRaw(&header)
	if err != nil {
		return err
	}
	_, err = io.Copy(copied, content)
	return err
}

func addExecutable(archive *zip.Writer, name, path string) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o755)
	member, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(member, file)
	return err
}

// fetch copies the code out of the bucket where only code from here can have
// hydrate in it: on local AWS.
func (b *sourceBucket) fetch(ctx context.Context, from source) (made *Zip, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	object, err := b.open(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from.keySetting, err)
	}
	directory, err := os.MkdirTemp("", "defog-code-")
	if err != nil {
		return nil, err
	}
	made = &Zip{Path: filepath.Join(directory, "function.zip"), directory: directory}
	file, err := os.Create(made.Path)
	if err == nil {
		err = errors.Join(object.save(file), file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", from.keySetting, err), made.Remove())
	}
	return made, nil
}
