package pack

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/textproto"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tree is a folder of installed packages. Rules change this list and not the files,
// which can be links into uv's cache.
type tree struct {
	distributions []*distribution
	wanted        map[string]string // versions in the requirements, by package
}

// distribution is an installed package, or the handler.
type distribution struct {
	name     string // normalised (PEP 503)
	version  string
	metadata textproto.MIMEHeader // of METADATA
	tags     []string             // of its wheel: cp312-cp312-manylinux_2_28_x86_64
	files    []*file
	handler  bool // whether it is the handler, which rules do not change
}

// file is one file of a distribution.
type file struct {
	path       string // in the tree, with slashes
	source     string // path on this machine
	size       int64
	executable bool
	changed    []byte // the new content; nil if it is the source's
}

func (f *file) read() ([]byte, error) {
	if f.changed != nil {
		return f.changed, nil
	}
	return os.ReadFile(f.source)
}

func (f *file) change(content []byte) {
	f.changed, f.size = content, int64(len(content))
}

// open opens the content, which the caller must close.
func (f *file) open() (io.ReadSeekCloser, error) {
	if f.changed != nil {
		return readSeekNopCloser{bytes.NewReader(f.changed)}, nil
	}
	return os.Open(f.source)
}

type readSeekNopCloser struct{ io.ReadSeeker }

// Close implements io.Closer.
func (readSeekNopCloser) Close() error { return nil }

var separators = regexp.MustCompile(`[-_.]+`)

func normalise(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// readTree returns the packages in a folder, sorted by name, each with the existing
// files of its RECORD.
func readTree(folder string) (*tree, error) {
	infos, err := filepath.Glob(filepath.Join(folder, "*.dist-info"))
	if err != nil {
		return nil, fmt.Errorf("list the packages: %w", err)
	}
	t := &tree{}
	taken := map[string]bool{}
	for _, info := range infos {
		d, err := readDistribution(folder, filepath.Base(info), taken)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(info), err)
		}
		t.distributions = append(t.distributions, d)
	}
	slices.SortFunc(t.distributions, func(a, b *distribution) int { return strings.Compare(a.name, b.name) })
	return t, nil
}

func readDistribution(folder, info string, taken map[string]bool) (*distribution, error) {
	metadata, err := readHeader(filepath.Join(folder, info, "METADATA"))
	if err != nil {
		return nil, err
	}
	wheel, err := readHeader(filepath.Join(folder, info, "WHEEL"))
	if err != nil {
		return nil, err
	}
	d := &distribution{
		name:     normalise(metadata.Get("Name")),
		version:  metadata.Get("Version"),
		metadata: metadata,
		tags:     wheel["Tag"],
	}
	data, err := os.ReadFile(filepath.Join(folder, info, "RECORD"))
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("RECORD: %w", err)
	}
	for _, record := range records {
		name := path.Clean(record[0])
		if taken[name] || !filepath.IsLocal(name) || byInstaller(name) {
			continue
		}
		taken[name] = true
		f, err := newFile(name, filepath.Join(folder, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a RECORD can name files that the wheel does not hold
		}
		if err != nil {
			return nil, err
		}
		d.files = append(d.files, f)
	}
	return d, nil
}

// byInstaller reports whether a file comes from the installer, or is a .pyc: it is
// not a part of the package.
func byInstaller(name string) bool {
	switch base := path.Base(name); {
	case strings.HasSuffix(path.Dir(name), ".dist-info"):
		return slices.Contains([]string{"INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}, base)
	default:
		return path.Ext(base) == ".pyc"
	}
}

func newFile(name, source string) (*file, error) {
	info, err := os.Lstat(source) //nolint:gosec // readDistribution accepts only local names
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file; want files and folders", source)
	}
	return &file{path: name, source: source, size: info.Size(), executable: info.Mode()&0o111 != 0}, nil
}

// readHeader reads the fields of METADATA or WHEEL up to the first empty line.
func readHeader(file string) (textproto.MIMEHeader, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fields := textproto.MIMEHeader{}
	last := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' { // continues the previous field
			if values := fields[last]; len(values) > 0 {
				values[len(values)-1] += "\n" + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if ok {
			last = textproto.CanonicalMIMEHeaderKey(name)
			fields.Add(last, strings.TrimSpace(value))
		}
	}
	return fields, nil
}

// readHandler returns the handler's files, which go to the root of the zip. The
// handler is a file, or a folder. Of a folder it omits hidden files, Python's caches
// and the output folder.
func readHandler(handler, output string) (*distribution, error) {
	d := &distribution{name: "handler", handler: true}
	info, err := os.Stat(handler)
	if err != nil {
		return nil, fmt.Errorf("read the handler: %w", err)
	}
	if !info.IsDir() {
		f, err := newFile(filepath.Base(handler), handler)
		if err != nil {
			return nil, fmt.Errorf("read the handler: %w", err)
		}
		d.files = []*file{f}
		return d, nil
	}
	written, err := os.Stat(output)
	if err != nil {
		return nil, fmt.Errorf("read the handler: %w", err)
	}
	err = filepath.WalkDir(handler, func(location string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case location != handler && strings.HasPrefix(name, "."), name == "__pycache__":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			if info, err := entry.Info(); err == nil && os.SameFile(info, written) {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) == ".pyc":
			return nil
		}
		relative, err := filepath.Rel(handler, location)
		if err != nil {
			return err
		}
		f, err := newFile(filepath.ToSlash(relative), location)
		d.files = append(d.files, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the handler: %w", err)
	}
	if len(d.files) == 0 {
		return nil, fmt.Errorf("--handler: %s is empty", handler)
	}
	return d, nil
}

// all calls do for each file of the tree.
func (t *tree) all(do func(*distribution, *file) error) error {
	for _, d := range t.distributions {
		for _, f := range d.files {
			if err := do(d, f); err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
		}
	}
	return nil
}

// paths returns all files by their path.
func (t *tree) paths() map[string]*file {
	paths := map[string]*file{}
	for _, d := range t.distributions {
		for _, f := range d.files {
			paths[f.path] = f
		}
	}
	return paths
}
