package stacks

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Dependencies is the zip with what the function needs at run time.
type Dependencies struct {
	Path string // where the zip is
	Hash string // SHA-256 of its bytes, lower-case hex: the function checks it

	directory string // made by us, to be removed
}

// PackDependencies zips the default folder with the operator's folder laid
// over it; a zip of the operator's is taken as it is, and "" adds nothing. The
// same files give the same zip, byte by byte.
func PackDependencies(defaults, source string) (deps *Dependencies, err error) {
	layers := []string{defaults}
	if source != "" {
		info, err := os.Stat(source)
		if err != nil {
			return nil, fmt.Errorf("function_source_dependencies_zip: %w", err)
		}
		if !info.IsDir() {
			return takeZip(source)
		}
		layers = append(layers, source)
	}
	directory, err := os.MkdirTemp("", "defog-dependencies-")
	if err != nil {
		return nil, fmt.Errorf("pack the dependencies: %w", err)
	}
	deps = &Dependencies{Path: filepath.Join(directory, "dependencies.zip"), directory: directory}
	defer func() {
		if err != nil {
			os.RemoveAll(directory)
		}
	}()
	files, err := collect(layers)
	if err != nil {
		return nil, fmt.Errorf("pack the dependencies: %w", err)
	}
	if deps.Hash, err = pack(deps.Path, files); err != nil {
		return nil, fmt.Errorf("pack the dependencies: %w", err)
	}
	return deps, nil
}

// Remove deletes what PackDependencies made.
func (d *Dependencies) Remove() error {
	if d == nil || d.directory == "" {
		return nil
	}
	return os.RemoveAll(d.directory)
}

func takeZip(path string) (*Dependencies, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("function_source_dependencies_zip: %s is neither a folder nor a zip: %w", path, err)
	}
	defer archive.Close()
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("function_source_dependencies_zip: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, fmt.Errorf("function_source_dependencies_zip: read %s: %w", path, err)
	}
	return &Dependencies{Path: path, Hash: hex.EncodeToString(hash.Sum(nil))}, nil
}

// collect maps each name in the zip to its file; a later folder's file wins.
func collect(folders []string) (map[string]string, error) {
	files := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if !entry.Type().IsRegular() {
				return fmt.Errorf("%s is not a regular file; valid: files and folders", path)
			}
			name, err := filepath.Rel(folder, path)
			files[filepath.ToSlash(name)] = path
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// pack writes the files in the order of their names, without their times, and
// returns the zip's hash.
func pack(path string, files map[string]string) (hash string, err error) {
	target, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() {
		if closing := target.Close(); err == nil {
			err = closing
		}
	}()
	sum := sha256.New()
	archive := zip.NewWriter(io.MultiWriter(target, sum))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := add(archive, name, files[name]); err != nil {
			return "", err
		}
	}
	if err := archive.Close(); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func add(archive *zip.Writer, name, path string) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o644 | info.Mode()&0o111)
	member, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(member, source)
	return err
}
