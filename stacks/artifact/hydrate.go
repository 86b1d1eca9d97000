package artifact

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

// UploadedCode returns the code to upload: with hydrate in it where that is the
// bootstrap. It returns nil when the code stays in the bucket.
func (c *Custom) UploadedCode() (*Zip, error) {
	if c.Hydration == CodeBootstrap {
		return c.HydratedCode(context.Background()) // it fetches nothing
	}
	return c.Code, nil
}

// HydratedCode returns the function's code with hydrate as its bootstrap. A
// program in the code that Lambda started before has the name that hydrate
// starts. Equal code gives an equal zip. HydratedCode waits for the compiler and
// fetches code that stays in a bucket; Remove deletes the zip.
func (c *Custom) HydratedCode(ctx context.Context) (*Zip, error) {
	program, err := c.Program.Directory()
	if err != nil {
		return nil, err
	}
	code := c.Code
	if code == nil {
		if code, err = c.source.fetch(ctx, codeSource(c.conf)); err != nil {
			return nil, err
		}
		c.hydrated = append(c.hydrated, code)
	}
	directory, err := os.MkdirTemp("", "defog-code-")
	if err != nil {
		return nil, fmt.Errorf("add hydrate to the code: %w", err)
	}
	made := &Zip{Path: filepath.Join(directory, "function.zip"), directory: directory}
	c.hydrated = append(c.hydrated, made)
	original := bootstrap
	if c.Hydration == LayerBootstrap {
		original = c.conf.Handler
	}
	file := c.Hydration.program(c.conf.Architecture).file
	if err := rebuild(code.Path, made.Path, original, filepath.Join(program, file)); err != nil {
		return nil, fmt.Errorf("add hydrate to the code: %w", err)
	}
	return made, nil
}

// rebuild copies a zip's members, sorted by name, with program as the bootstrap
// and the member original under the name that hydrate starts.
func rebuild(from, to, original, program string) (err error) {
	reader, err := zip.OpenReader(from)
	if err != nil {
		return err
	}
	defer reader.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()

	writer := zip.NewWriter(target)
	slices.SortStableFunc(reader.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	for _, member := range reader.File {
		if err := copyMember(writer, member, original); err != nil {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
	}
	if err := addExecutable(writer, bootstrap, program); err != nil {
		return err
	}
	return writer.Close()
}

func copyMember(writer *zip.Writer, member *zip.File, original string) error {
	header := member.FileHeader
	if header.Name == original {
		header.Name = environ.OriginalBootstrap
	}
	content, err := member.OpenRaw()
	if err != nil {
		return err
	}
	copied, err := writer.CreateRaw(&header)
	if err != nil {
		return err
	}
	_, err = io.Copy(copied, content)
	return err
}

func addExecutable(writer *zip.Writer, name, path string) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o755)
	member, err := writer.CreateHeader(header)
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
