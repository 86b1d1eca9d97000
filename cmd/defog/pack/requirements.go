package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// requirements holds a requirements file with its included files. uv reads copies
// of them in UTF-8 and with absolute paths, because it resolves relative paths by
// its working directory.
type requirements struct {
	path    string   // absolute
	hash    string   // SHA-256 of all files, to notice a change
	indexes []string // lines that name package indexes, with absolute paths

	versions map[string]string // of packages with a version in the files: ">=1.2"

	folder string            // of the copies
	copies map[string]string // by the original's path
}

// readRequirements reads a requirements file and writes the copies to a folder.
func readRequirements(path, folder string) (*requirements, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the requirements: %w", err)
	}
	r := &requirements{path: path, versions: map[string]string{}, folder: folder, copies: map[string]string{}}
	sum := sha256.New()
	if _, err := r.read(path, sum); err != nil {
		return nil, err
	}
	r.hash = hex.EncodeToString(sum.Sum(nil))
	return r, nil
}

// copy returns the path of the copy of the requirements file.
func (r *requirements) copy() string { return r.copies[r.path] }

// original replaces the paths of copies in a text, as uv writes them in a
// directory, by those of the originals.
func (r *requirements) original(text, directory string) string {
	for original, copied := range r.copies {
		text = strings.ReplaceAll(text, copied, original)
		if relative, err := filepath.Rel(directory, copied); err == nil {
			text = strings.ReplaceAll(text, relative, original)
		}
	}
	return text
}

// read copies a file and the files that it includes, and returns the copy's path.
func (r *requirements) read(path string, sum hash.Hash) (string, error) {
	if copied, ok := r.copies[path]; ok {
		return copied, nil
	}
	copied := filepath.Join(r.folder, fmt.Sprintf("requirements-%d.txt", len(r.copies)))
	r.copies[path] = copied
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the requirements: %w", err)
	}
	sum.Write(data)
	text, err := decodeText(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	var out strings.Builder
	continued := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if continued {
			out.WriteString(line + "\n")
		} else {
			lines, err := r.line(line, filepath.Dir(path), sum)
			if err != nil {
				return "", err
			}
			out.WriteString(strings.Join(lines, "\n") + "\n")
		}
		continued = strings.HasSuffix(line, `\`)
	}
	return copied, os.WriteFile(copied, []byte(out.String()), 0o600)
}

// line rewrites one line of a file in a folder. An option line becomes a line for
// each option.
func (r *requirements) line(line, folder string, sum hash.Hash) ([]string, error) {
	text := strings.TrimSpace(line)
	if strings.HasPrefix(text, "-") {
		return r.options(text, folder, sum)
	}
	rewritten, name, source := absoluteRequirement(text, folder)
	if source != "" {
		r.versions[name] = source
	} else if plain, _, _ := strings.Cut(text, "#"); plain != "" {
		if require, ok := parseRequire(strings.TrimSuffix(plain, `\`)); ok && require.specifier != "" {
			r.versions[require.name] = require.specifier
		}
	}
	return []string{rewritten}, nil
}

var (
	pathOption = regexp.MustCompile(`^(-r|-c|-e|-f|-i|--requirement|--constraint|--editable|--find-links|--index-url|--extra-index-url)(=?)(.*)$`)
	word       = regexp.MustCompile(`^(?:"([^"]*)"|'([^']*)'|(\S+))\s*`)
)

// options rewrites a line of options, of which the first may be followed by
// others.
func (r *requirements) options(text, folder string, sum hash.Hash) (lines []string, err error) {
	for text != "" && !strings.HasPrefix(text, "#") {
		name, value, rest, ok := cutOption(text)
		switch {
		case strings.HasPrefix(text, "--no-index"):
			name, rest = cutWord(text)
			lines = append(lines, name)
			r.indexes = append(r.indexes, name)
			text = rest
			continue
		case !ok:
			if strings.HasPrefix(text, "--trusted-host") {
				r.indexes = append(r.indexes, text)
			}
			return append(lines, text), nil
		}
		switch name {
		case "-r", "-c", "--requirement", "--constraint":
			if !strings.Contains(value, "://") {
				if value, err = r.read(absolutePath(value, folder), sum); err != nil {
					return nil, err
				}
			}
		case "-f", "--find-links", "-i", "--index-url", "--extra-index-url":
			value = absoluteLocation(value, folder)
			r.indexes = append(r.indexes, name+" "+value)
		default:
			value = absoluteLocation(value, folder)
		}
		lines = append(lines, name+" "+value)
		text = rest
	}
	return lines, nil
}

// cutOption splits a text after an option with a path: -r file, -rfile,
// --requirement=file.
func cutOption(text string) (name, value, rest string, ok bool) {
	first, rest := cutWord(text)
	parts := pathOption.FindStringSubmatch(first)
	if parts == nil || strings.HasPrefix(parts[1], "--") && parts[3] != "" && parts[2] == "" {
		return "", "", text, false
	}
	name, value = parts[1], parts[3]
	if value != "" {
		// A quoted value with blanks begins within the word.
		value, rest = cutWord(strings.TrimLeft(text[len(name):], "="))
		return name, value, rest, true
	}
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t")
	value, rest = cutWord(rest)
	return name, value, rest, value != ""
}

// cutWord splits a text after its first word, which may be quoted.
func cutWord(text string) (first, rest string) {
	match := word.FindStringSubmatch(text)
	if match == nil {
		return "", ""
	}
	return match[1] + match[2] + match[3], text[len(match[0]):]
}

var (
	// namedSource is a requirement by name and URL or path: `idna @ file:./x.whl`.
	namedSource = regexp.MustCompile(`^([A-Za-z0-9._-]+)(\s*(?:\[[^\]]*\])?\s*@\s*)(.*?)(\s+[;#].*|\s+--.*|\s*\\)?$`)

	// pathSource is a requirement by path or file URL: `./wheels/x.whl`.
	pathSource = regexp.MustCompile(`^((?:file:|\.{0,2}/|[^\s:@;#]+/|[^\s/:@;#]+\.(?:whl|zip|tar\.gz)\b).*?)(\[[^\]]*\])?(\s+[;#].*|\s+--.*|\s*\\)?$`)

	wheelName = regexp.MustCompile(`^([A-Za-z0-9._]+)-[^-]+(?:-[^-]+)?-[^-]+-[^-]+-[^-]+\.whl$`)
)

// absoluteRequirement makes the path in a requirement of a file in a folder
// absolute. Of a requirement by URL or path it also returns the package's name, if
// the text holds it, and the source.
func absoluteRequirement(text, folder string) (rewritten, name, source string) {
	if parts := namedSource.FindStringSubmatch(text); parts != nil {
		location := parts[3]
		if isLocal(location) {
			location = fileURL(localPath(location, folder))
		}
		return parts[1] + parts[2] + location + parts[4], normalise(parts[1]), parts[3]
	}
	if parts := pathSource.FindStringSubmatch(text); parts != nil && isLocal(parts[1]) {
		path := localPath(parts[1], folder)
		if wheel := wheelName.FindStringSubmatch(filepath.Base(path)); wheel != nil {
			return wheel[1] + parts[2] + " @ " + fileURL(path) + parts[3], normalise(wheel[1]), parts[1]
		}
		return path + parts[2] + parts[3], "", ""
	}
	return text, "", ""
}

// isLocal reports whether a location is a path or a file URL. A URL of a server or
// of a repository is not local, nor is a variable, which uv expands.
func isLocal(location string) bool {
	return location != "" && !strings.HasPrefix(location, "${") && (strings.HasPrefix(location, "file:") || !strings.Contains(location, ":"))
}

// localPath returns the absolute path of a local location: file:rel, file:///abs
// or a path.
func localPath(location, folder string) string {
	rest, isURL := strings.CutPrefix(location, "file:")
	if !isURL {
		return absolutePath(location, folder)
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		rest = strings.TrimPrefix(after, "localhost")
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i] // pip's #egg= and #sha256=
	}
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	return absolutePath(rest, folder)
}

// absolutePath resolves a path of a file in a folder. pip resolves some of them by
// its working directory: that path counts where only it exists.
func absolutePath(path, folder string) string {
	if filepath.IsAbs(path) {
		return path
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	resolved := filepath.Join(folder, path)
	if _, err := os.Stat(resolved); err != nil {
		if here, err := filepath.Abs(path); err == nil {
			if _, err := os.Stat(here); err == nil {
				return here
			}
		}
	}
	return resolved
}

// absoluteLocation makes the value of an option absolute. uv takes a path with
// blanks as it is.
func absoluteLocation(value, folder string) string {
	if !isLocal(value) {
		return value
	}
	return fileURL(localPath(value, folder))
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// absoluteLines makes the paths of a lock's packages absolute, for uv.
func absoluteLines(text, folder string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, " ") {
			rewritten, _, _ := absoluteRequirement(strings.TrimRight(line, "\r\n"), folder)
			line = rewritten + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}

// decodeText decodes a text in UTF-8, UTF-16 or UTF-32. PowerShell writes UTF-16
// with ">", and Windows editors write a byte order mark.
func decodeText(data []byte) (string, error) {
	type decoder struct {
		mark   string
		decode func([]byte) ([]byte, error)
	}
	decoders := []decoder{
		{"\xef\xbb\xbf", func(data []byte) ([]byte, error) { return data, nil }},
		{"\xff\xfe\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM).NewDecoder().Bytes},
		{"\x00\x00\xfe\xff", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM).NewDecoder().Bytes},
		{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes},
		{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes},
	}
	i := slices.IndexFunc(decoders, func(d decoder) bool { return strings.HasPrefix(string(data), d.mark) })
	var err error
	switch {
	case i >= 0:
		data, err = decoders[i].decode(data[len(decoders[i].mark):])
	case len(data) > 1 && data[1] == 0: // ASCII in UTF-16 without a mark
		data, err = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Bytes(data)
	case len(data) > 1 && data[0] == 0:
		data, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(data)
	}
	if err != nil || !utf8.Valid(data) {
		return "", errors.New("is neither UTF-8 nor UTF-16; want a text file in UTF-8")
	}
	return string(data), nil
}
