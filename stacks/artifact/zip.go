package artifact

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"defog-cdk/internal/archive"
	"defog-cdk/internal/bundle"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/sqlitefile"
)

// Zip is a zip for upload.
type Zip struct {
	Path string
	Hash string // SHA-256 of its bytes, lower-case hex

	directory string // to be removed; "" for the operator's zip
}

// PackDependencies zips the default folder; files of the folder source win over
// its files. A zip source replaces both, and "" adds nothing. Equal files give an
// equal zip.
func PackDependencies(defaults, source string) (deps *Zip, err error) {
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

// checkQueryDependencies checks that the query function can start with its
// dependencies. It can extract them, they contain the SQLite database ("" for another
// database), and the SQL generator can read its files. goldenFirst requires golden queries.
func checkQueryDependencies(deps *Zip, storageMB int, database, generator string, goldenFirst bool) error {
	const setting = "function_source_dependencies_zip"
	found, err := archive.Open(deps.Path)
	if err != nil {
		return about(setting, err)
	}
	problem := found.CheckRatio()
	if needed := int((found.Disk + mebibyte - 1) / mebibyte); needed > storageMB {
		problem = errors.Join(problem, fmt.Errorf("needs %d MB of the function's /tmp, extracted; want ephemeral_storage=%d or more", needed, needed))
	}
	files, unreadable := knowledge.Read(generator, found.Open)
	if goldenFirst && unreadable == nil {
		if files.Golden, unreadable = knowledge.ReadGolden(found.Open); unreadable == nil && len(files.Golden) == 0 {
			problem = errors.Join(problem, errors.New("golden.json has no golden query; want one, which golden_first requires"))
		}
	}
	return errors.Join(about(setting, problem), checkSQLite(found, database), about(setting, unreadable), found.Close())
}

// checkSQLite checks that the dependencies contain a SQLite database, complete in
// one file. The stack warns about an absolute path (see [connection.CheckSQLitePath]).
// https://www.sqlite.org/wal.html, https://www.sqlite.org/tempfiles.html
func checkSQLite(dependencies *archive.Archive, database string) error {
	const key = "connection_file: db_creds.database"
	if database == "" || path.IsAbs(database) {
		return nil
	}
	name := path.Clean(database)
	if !dependencies.Has(name) {
		return fmt.Errorf("%s: %s is not among the dependencies; want a SQLite file in function_source_dependencies_zip", key, database)
	}
	return about(key, sqlitefile.Check(name, dependencies.Open))
}

// packFolders zips the folders' files under a name.
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

// Remove deletes a zip that was packed here. It may be called twice, and on nil.
func (z *Zip) Remove() error {
	if z == nil || z.directory == "" {
		return nil
	}
	return os.RemoveAll(z.directory)
}

// takeZip returns the zip that a setting names.
func takeZip(setting, path string) (*Zip, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %s is invalid; want a folder or a zip: %w", setting, path, err)
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
				return fmt.Errorf("%s is not a regular file; want files and folders", path)
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

// pack writes a zip of the files, and returns its hash.
func pack(path string, files map[string]string) (hash string, err error) {
	spool, err := bundle.NewSpool(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	members := make([]bundle.Member, 0, len(files))
	for name, file := range files {
		member, err := add(spool, name, file)
		if err != nil {
			return "", err
		}
		members = append(members, member)
	}
	target, err := os.Create(path)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = errors.Join(spool.Write(io.MultiWriter(target, sum), members), target.Close())
	return hex.EncodeToString(sum.Sum(nil)), err
}

func add(spool *bundle.Spool, name, path string) (bundle.Member, error) {
	source, err := os.Open(path)
	if err != nil {
		return bundle.Member{}, err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return bundle.Member{}, err
	}
	return spool.Add(name, info.Mode()&0o111 != 0, source)
}
