package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// requirements are a requirements file with those that it includes.
type requirements struct {
	path    string   // absolute
	hash    string   // SHA-256 of all of them, to notice a change
	indexes []string // their lines that say where packages are

	versions map[string]string // of packages that they name with one, ">=1.2"
}

var (
	includeLine = regexp.MustCompile(`^(?:-r|-c|--requirement|--constraint)(?:\s+|\s*=\s*)(\S+)`)
	indexLine   = regexp.MustCompile(`^(?:-i|-f|--index-url|--extra-index-url|--find-links|--no-index)(?:[\s=]|$)`)
)

func readRequirements(path string) (*requirements, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the requirements: %w", err)
	}
	r := &requirements{path: path, versions: map[string]string{}}
	sum := sha256.New()
	if err := r.read(path, sum, map[string]bool{}); err != nil {
		return nil, err
	}
	r.hash = hex.EncodeToString(sum.Sum(nil))
	return r, nil
}

func (r *requirements) read(path string, sum hash.Hash, seen map[string]bool) error {
	if seen[path] {
		return nil
	}
	seen[path] = true
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the requirements: %w", err)
	}
	sum.Write(data)
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if indexLine.MatchString(line) {
			r.indexes = append(r.indexes, line)
		}
		text, _, _ := strings.Cut(line, "#")
		if require, ok := parseRequire(text); ok && require.specifier != "" {
			r.versions[require.name] = require.specifier
		}
		if include := includeLine.FindStringSubmatch(line); include != nil && !strings.Contains(include[1], "://") {
			if !filepath.IsAbs(include[1]) {
				include[1] = filepath.Join(filepath.Dir(path), include[1])
			}
			if err := r.read(include[1], sum, seen); err != nil {
				return err
			}
		}
	}
	return nil
}
