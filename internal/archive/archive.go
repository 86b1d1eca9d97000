// Package archive inspects zips without extracting them: whether they satisfy
// the rules, what they hold, and how much space that needs.
//
// The rules themselves stand in package rules, which the function uses too.
package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"defog-cdk/internal/archive/rules"
)

// Archive is a zip that satisfies the rules.
type Archive struct {
	Zipped   int64 // bytes of the zip
	Unzipped int64 // bytes of its files
	Disk     int64 // bytes that the extracted files need on a disk, in blocks

	members map[string]*zip.File // by path
	file    *os.File             // nil unless Open opened it
}

// block is the least space that a file or a folder needs on a disk, in bytes.
const block = 4096

// Open inspects the zip in a file. The error joins every violation. The caller
// closes the archive.
func Open(path string) (*Archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	var archive *Archive
	if err == nil {
		archive, err = Read(file, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	archive.file = file
	return archive, nil
}

// Close closes the file that Open opened.
func (a *Archive) Close() error {
	if a == nil || a.file == nil {
		return nil
	}
	return a.file.Close()
}

// Read inspects a zip of the given size: its directory and the targets of its
// links. The archive reads members from source.
func Read(source io.ReaderAt, size int64) (*Archive, error) {
	plan, err := layOut(source, size)
	if err != nil {
		return nil, problems(err)
	}
	reader, err := zip.NewReader(source, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // the rules cover paths
		return nil, fmt.Errorf("not a whole zip: %w", err)
	}
	archive := &Archive{Zipped: size, Disk: int64(len(plan.Folders)) * block, members: map[string]*zip.File{}}
	for _, member := range reader.File {
		archive.members[path.Clean(member.Name)] = member
	}
	links := map[string]string{}
	for _, member := range plan.Members {
		archive.Unzipped += member.Size
		archive.Disk += (member.Size + block - 1) / block * block
		if member.Kind != rules.Link {
			continue
		}
		if links[member.Path], err = readLink(archive.members[member.Path]); err != nil {
			return nil, fmt.Errorf("not a whole zip: read %s: %w", member.Name, err)
		}
	}
	if err := rules.CheckLinks(links); err != nil {
		return nil, problems(err)
	}
	return archive, nil
}

// layOut reads the zip's directory and applies the rules to it.
func layOut(source io.ReaderAt, size int64) (*rules.Plan, error) {
	tail, err := readAt(source, max(0, size-rules.TailSize), min(size, rules.TailSize))
	if err != nil {
		return nil, err
	}
	directory, err := rules.Locate(tail, size)
	if err != nil {
		return nil, err
	}
	entries, err := readAt(source, directory.Offset, directory.Size)
	if err != nil {
		return nil, err
	}
	members, refused := directory.Parse(entries)
	plan, err := rules.LayOut(members, directory.Offset, size, rules.Limits{Bytes: largest})
	switch {
	case refused != nil:
		return nil, errors.Join(append(flatten(refused), flatten(err)...)...)
	case err == nil && len(members) == 0:
		return nil, rules.Refuse("the zip is empty")
	}
	return plan, err
}

// largest is far beyond the space that a function has, and keeps sums of sizes
// within an int64.
const largest = 1 << 50

func readAt(source io.ReaderAt, offset, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(source, offset, size), data)
	return data, err
}

// CheckRatio returns an error if the function would refuse the zip as a zip
// bomb. The rule is for zips that the function extracts itself.
func (a *Archive) CheckRatio() error {
	return rules.CheckRatio(a.Zipped, a.Unzipped, rules.MaxRatio)
}

// Has reports whether the zip has a file of this name.
func (a *Archive) Has(name string) bool {
	member := a.members[name]
	return member != nil && !member.Mode().IsDir()
}

// Open returns the content of a file. The error is fs.ErrNotExist if there is none.
func (a *Archive) Open(name string) (io.ReadCloser, error) {
	if !a.Has(name) {
		return nil, fs.ErrNotExist
	}
	return a.members[name].Open()
}

// HasAny reports whether a file's name matches.
func (a *Archive) HasAny(match func(name string) bool) bool {
	for name := range a.members {
		if match(name) && a.Has(name) {
			return true
		}
	}
	return false
}

// readLink returns the target of a link.
func readLink(member *zip.File) (string, error) {
	reader, err := member.Open()
	if err != nil {
		return "", err
	}
	defer reader.Close()
	text, err := io.ReadAll(io.LimitReader(reader, rules.MaxName))
	return string(text), err
}
