// Package archive looks at zips as far as can be done without extracting them:
// whether they are whole, stay inside of the folder that they are extracted to,
// and fit where they are to go.
package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Archive is what a zip's directory says.
type Archive struct {
	Zipped   int64 // bytes of the zip
	Unzipped int64 // bytes of its files
	Disk     int64 // bytes that these take on a disk, in blocks

	members map[string]*zip.File
	file    *os.File // nil unless Open opened it
}

// block is the least that a file or a folder takes on a disk.
const block = 4096

// Open looks at the zip in a file. The error holds every problem with it. The
// caller closes what it returns.
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

// Read looks at a zip's directory, and at where its links lead. What it returns
// reads members from source.
func Read(source io.ReaderAt, size int64) (*Archive, error) {
	reader, err := zip.NewReader(source, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // which is checked below
		return nil, fmt.Errorf("is no whole zip: %w", err)
	}
	archive := &Archive{Zipped: size, members: map[string]*zip.File{}}
	var problems problems
	folders := map[string]bool{}
	for _, member := range reader.File {
		name := path.Clean(member.Name)
		problems.add(archive.check(name, member))
		archive.members[name] = member
		for folder := path.Dir(name); folder != "." && folder != "/" && !folders[folder]; folder = path.Dir(folder) {
			folders[folder] = true
		}
		if member.Mode().IsDir() {
			folders[name] = true
			continue
		}
		bytes := int64(min(member.UncompressedSize64, 1<<50)) // a sum must not pass an int64
		archive.Unzipped += bytes
		archive.Disk += (bytes + block - 1) / block * block
	}
	archive.Disk += int64(len(folders)) * block
	if len(reader.File) == 0 {
		problems.add("is empty", "", "")
	}
	if err := errors.Join(problems.err(), archive.checkLinks()); err != nil {
		return nil, err
	}
	return archive, nil
}

// Has reports whether the zip has a file of this name.
func (a *Archive) Has(name string) bool {
	member := a.members[name]
	return member != nil && !member.Mode().IsDir()
}

// Executable reports whether the zip has a file of this name that may be
// started as a program.
func (a *Archive) Executable(name string) bool {
	return a.Has(name) && a.members[name].Mode().Perm()&0o111 != 0
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

// methods are the ways of compression that Lambda and hydrate know.
var methods = []uint16{zip.Store, zip.Deflate}

const encrypted = 1 // bit of a member's flags

// check returns what is wrong with a member: the problem, its name, and what is
// valid; three empty texts for nothing.
func (a *Archive) check(name string, member *zip.File) (problem, where, valid string) {
	mode := member.Mode()
	switch {
	case strings.Contains(member.Name, `\`), strings.ContainsRune(member.Name, 0), !filepath.IsLocal(member.Name):
		return "has a member outside of itself", member.Name, "relative names with slashes, without .."
	case a.members[name] != nil && (!mode.IsDir() || !a.members[name].Mode().IsDir()):
		return "has a member twice", member.Name, ""
	case member.Flags&encrypted != 0:
		return "has an encrypted member", member.Name, "zips without a password"
	case !slices.Contains(methods, member.Method):
		return fmt.Sprintf("has a member compressed by method %d", member.Method), member.Name, "deflate and stored"
	case mode&fs.ModeType&^(fs.ModeDir|fs.ModeSymlink) != 0:
		return "has a member that is a device or the like", member.Name, "files, folders and links"
	}
	return "", "", ""
}

// checkLinks reads where links lead.
func (a *Archive) checkLinks() error {
	var problems problems
	for name, member := range a.members {
		if member.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		target, err := read(member)
		if err != nil {
			return fmt.Errorf("is no whole zip: read %s: %w", member.Name, err)
		}
		if path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)) {
			problems.add("has a link that leads out of itself", member.Name, "")
		}
	}
	return problems.err()
}

// longestLink is how long the target of a link may be, as on Linux.
const longestLink = 4096

func read(member *zip.File) (string, error) {
	reader, err := member.Open()
	if err != nil {
		return "", err
	}
	defer reader.Close()
	text, err := io.ReadAll(io.LimitReader(reader, longestLink))
	return string(text), err
}
