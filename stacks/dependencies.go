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

// Zip is a zip that is to be uploaded.
type Zip struct {
	Path string // where it is
	Hash string // SHA-256 of its bytes, lower-case hex

	directory string // made by us, to be removed
}

// Dependencies is the zip with what the function needs at run time. The
// function checks its hash.
type Dependencies = Zip

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
			return takeZip("function_source_dependencies_zip", source)
		}
		layers = append(layers, source)
	}
	deps, err = packFolders("dependencies.zip", layers)
	if err != nil {
		return nil, fmt.Errorf("pack the dependencies: %w", err)
	}
	return deps, nil
}

// packFolders makes a zip of this name of folders' files.
func packFolders(name string, folders []string) (made *Zip, err error) {
	directory, err := os.MkdirTemp("", "defog-zip-")
	if err != nil {
		return nil, err
	}
	made = &Zip{Path: filepath.Join(directory, name), directory: directory}
	defer func() {
		if err != nil {
			os.RemoveAll(directory)
		}
	}()
	files, err := collect(folders)
	if err != nil {
		return nil, err
	}
	made.Hash, err = pack(made.Path, files)
	return made, err
}

// Remove deletes the zip if it was made here. It may be called twice.
func (z *Zip) Remove() error {
	if z == nil || z.directory == "" {
		return nil
	}
	return os.RemoveAll(z.directory)
}

// takeZip takes the zip that a setting names.
func takeZip(setting, path string) (*Zip, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %s is neither a folder nor a zip: %w", setting, path, err)
	}
	defer archive.Close()
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, fmt.Errorf("%s: read %s: %w", setting, path, err)
	}
	return &Zip{Path: path, Hash: hex.EncodeToString(hash.Sum(nil))}, nil
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
