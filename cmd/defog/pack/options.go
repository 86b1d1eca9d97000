package pack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Options are the input of [Run].
type Options struct {
	Requirements string   // a requirements file, as pip reads it
	Handler      string   // a Python file, or a folder whose content is packed
	Python       string   // version of Lambda's runtime: 3.12
	Arch         string   // arm64 or x86_64
	DistDir      string   // folder of the zips
	Name         string   // prefix of the zips' names
	Lean         bool     // whether the dist zip holds the handler alone
	Keep         []string // names of Rules that pack does not apply
	Upgrade      bool     // whether pack ignores the lock file
	SystemCerts  bool     // whether uv trusts the certificate authorities of this machine
	Indexes      Indexes

	UV          string // uv's program; "" finds or installs it
	Interpreter string // a Python of the target's version, for the .pyc; "" finds it
	Machine     Machine

	Progress func(message string) // receives progress messages
}

// Indexes name package indexes, in addition to those of uv's environment variables
// and of the requirements file.
type Indexes struct {
	IndexURL  string // instead of PyPI
	FindLinks []string
	NoIndex   bool
}

func (i Indexes) flags() []string {
	var flags []string
	if i.IndexURL != "" {
		flags = append(flags, "--default-index", i.IndexURL)
	}
	for _, links := range i.FindLinks {
		if absolute, err := filepath.Abs(links); err == nil && !strings.Contains(links, "://") {
			links = absolute // uv runs in another folder
		}
		flags = append(flags, "--find-links", links)
	}
	if i.NoIndex {
		flags = append(flags, "--no-index")
	}
	return flags
}

// Machine describes the environment of this machine.
type Machine struct {
	Path     string // the variable PATH
	Pyenv    string // the folder of pyenv, "" for none
	Caches   string // the folder in which pack installs uv
	CertFile string // the variable SSL_CERT_FILE
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// check returns all problems of the options.
func (o *Options) check() (target, error) {
	t, problems := newTarget(o.Python, o.Arch)
	if info, err := os.Stat(o.Requirements); err != nil {
		problems = append(problems, fmt.Errorf("--requirements: %w", err))
	} else if !info.Mode().IsRegular() {
		problems = append(problems, fmt.Errorf("--requirements: %s is not a file", o.Requirements))
	}
	problems = append(problems, o.checkHandler())
	if !validName.MatchString(o.Name) {
		problems = append(problems, fmt.Errorf("--name: %q is not a valid name; want letters, digits and ._-", o.Name))
	}
	if info, err := os.Stat(o.DistDir); err == nil && !info.IsDir() {
		problems = append(problems, fmt.Errorf("--dist-dir: %s is not a folder", o.DistDir))
	}
	var names []string
	for _, rule := range Rules {
		names = append(names, rule.Name)
	}
	for _, name := range o.Keep {
		if !slices.Contains(names, name) {
			problems = append(problems, fmt.Errorf("--keep: %q is not a rule; want one of: %s", name, strings.Join(names, ", ")))
		}
	}
	if file := o.Machine.CertFile; file != "" {
		if _, err := os.Stat(file); err != nil { // uv would ignore it
			problems = append(problems, fmt.Errorf("SSL_CERT_FILE: %w; want a file with certificates in PEM", err))
		}
	}
	return t, errors.Join(problems...)
}

func (o *Options) checkHandler() error {
	info, err := os.Stat(o.Handler)
	switch {
	case err != nil:
		return fmt.Errorf("--handler: %w", err)
	case info.IsDir():
		return nil
	case !info.Mode().IsRegular() || filepath.Ext(o.Handler) != ".py":
		return fmt.Errorf("--handler: %s is neither a Python file nor a folder", o.Handler)
	}
	return nil
}

// keeps reports whether the options exclude a rule.
func (o *Options) keeps(rule string) bool { return slices.Contains(o.Keep, rule) }

// Paths of the files that pack writes.
func (o *Options) distPath() string         { return filepath.Join(o.DistDir, o.Name+"_dist.zip") }
func (o *Options) dependenciesPath() string { return filepath.Join(o.DistDir, o.Name+"_deps.zip") }
func (o *Options) sbomPath() string         { return filepath.Join(o.DistDir, o.Name+"_sbom.cdx.json") }

// lockPath returns the path of the lock file beside the requirements, with which it
// belongs in version control.
func (o *Options) lockPath(t target) string {
	base := strings.TrimSuffix(o.Requirements, filepath.Ext(o.Requirements))
	return fmt.Sprintf("%s-py%s-%s.lock", base, t.python, t.arch)
}
