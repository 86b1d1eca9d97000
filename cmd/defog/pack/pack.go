// Package pack builds the two zips of a custom function in Python. The dist zip is
// the function's package. The dependencies zip holds the packages that do not fit;
// the function extracts them at start.
//
// It resolves wheels for Lambda's platform on any machine, checks and strips them,
// and compiles them to bytecode. The same lock file always results in the same
// zips, byte by byte.
package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"defog-cdk/internal/bundle"
)

// packing is one run of [Run].
type packing struct {
	Options
	target  target
	scratch string // a folder in DistDir, removed at the end
	python  interpreter

	wanted        map[string]string // versions in the requirements
	lock          lock
	packages      []resolved
	distributions []*distribution
	handler       *distribution
	members       map[*distribution][]bundle.Member
	spool         *bundle.Spool
	report        Report
}

// Run builds the zips. It replaces older zips only at the end, so that an error or
// the end of ctx leaves them unchanged.
func Run(ctx context.Context, options Options) (*Report, error) {
	target, err := options.check()
	if err != nil {
		return nil, err
	}
	p := &packing{Options: options, target: target, members: map[*distribution][]bundle.Member{}}
	created, err := p.makeScratch()
	if err != nil {
		return nil, err
	}
	err = errors.Join(p.run(ctx), os.RemoveAll(p.scratch))
	if err != nil {
		if created {
			// Remove fails if another process has written to the folder.
			_ = os.Remove(p.DistDir)
		}
		return nil, err
	}
	return &p.report, nil
}

// makeScratch makes the folder for temporary files, on the file system of DistDir.
// It reports whether it created DistDir.
func (p *packing) makeScratch() (created bool, err error) {
	_, missing := os.Stat(p.DistDir)
	if err := os.MkdirAll(p.DistDir, 0o755); err != nil { //nolint:gosec // the zips hold no secret
		return false, fmt.Errorf("--dist-dir: %w", err)
	}
	p.scratch, err = os.MkdirTemp(p.DistDir, ".pack-")
	if err == nil {
		p.scratch, err = filepath.Abs(p.scratch) // uv runs in another folder
	}
	if err != nil {
		return missing != nil, fmt.Errorf("--dist-dir: %w", err)
	}
	return missing != nil, nil
}

func (p *packing) run(ctx context.Context) (err error) {
	if p.handler, err = readHandler(p.Handler, p.DistDir); err != nil {
		return err
	}
	if p.python, err = p.findInterpreter(ctx, p.target.python); err != nil {
		return err
	}
	if err := p.fetch(ctx); err != nil {
		return err
	}
	if err := p.strip(ctx); err != nil {
		return err
	}
	if p.spool, err = bundle.NewSpool(p.scratch); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.spool.Close()) }()
	if err := p.compress(ctx); err != nil {
		return err
	}
	return p.write(ctx)
}

// fetch resolves the requirements and installs the packages in the scratch folder.
func (p *packing) fetch(ctx context.Context) error {
	r, err := p.resolver(ctx)
	if err != nil {
		return err
	}
	if p.lock, p.packages, err = r.resolve(ctx, p.Upgrade); err != nil {
		return err
	}
	p.wanted = r.requirements.versions
	p.Progress(fmt.Sprintf("Fetching %d packages", len(p.packages)))
	folder := filepath.Join(p.scratch, "packages")
	if err := r.install(ctx, p.lock, folder); err != nil {
		return fmt.Errorf("fetch the packages: %w", err)
	}
	t, err := readTree(folder)
	if err != nil {
		return err
	}
	p.distributions = t.distributions
	return errors.Join(p.checkBuilt(), p.checkClashes(), checkLibraries(t, p.target))
}

func (p *packing) resolver(ctx context.Context) (*resolver, error) {
	requirements, err := readRequirements(p.Requirements, p.scratch)
	if err != nil {
		return nil, err
	}
	program, err := p.findUV(ctx, p.python.program)
	if err != nil {
		return nil, err
	}
	constraints := filepath.Join(p.scratch, "build-constraints.txt")
	r := &resolver{
		uv: &uv{
			program:  program,
			python:   p.python.program,
			folder:   filepath.Dir(requirements.path),
			scratch:  p.scratch,
			environ:  p.environ(),
			flags:    append(p.Indexes.flags(), "--build-constraints", constraints),
			original: func(output string) string { return requirements.original(output, filepath.Dir(requirements.path)) },
		},
		target:       p.target,
		requirements: requirements,
		lockPath:     p.lockPath(p.target),
		progress:     p.Progress,
	}
	return r, errors.Join(
		os.WriteFile(constraints, []byte(buildConstraints), 0o600),
		os.WriteFile(r.indexFile(), []byte(strings.Join(requirements.indexes, "\n")+"\n"), 0o600),
	)
}

// checkBuilt rejects packages whose build is specific to this machine.
func (p *packing) checkBuilt() error {
	var problems []error
	for _, d := range p.distributions {
		if !p.fromSource(d.name) {
			continue
		}
		for _, tag := range d.tags {
			if !strings.HasSuffix(tag, "-none-any") {
				problems = append(problems, fmt.Errorf("%s %s: exists only as source and is not pure Python (its wheel is %s); want a version with a wheel for %s",
					d.name, d.version, tag, p.target))
				break
			}
		}
	}
	return errors.Join(problems...)
}

func (p *packing) fromSource(name string) bool {
	for _, r := range p.packages {
		if normalise(r.Name) == name {
			return r.fromSource()
		}
	}
	return false
}

// checkClashes rejects files of the handler that are also in a package.
func (p *packing) checkClashes() error {
	owner := map[string]string{}
	for _, d := range p.distributions {
		for _, f := range d.files {
			owner[f.path] = d.name
		}
	}
	var problems []error
	for _, f := range p.handler.files {
		if name, ok := owner[f.path]; ok {
			problems = append(problems, fmt.Errorf("--handler: %s is also a file of the package %s; want another name", f.path, name))
		}
	}
	return errors.Join(problems...)
}

// strip applies the rules, and adds the bytecode.
func (p *packing) strip(ctx context.Context) (err error) {
	t := &tree{distributions: append(p.distributions, p.handler), wanted: p.wanted}
	p.Progress("Removing files that the function does not need at run time")
	if p.report.Stripped, err = applyRules(t, &p.Options); err != nil {
		return err
	}
	p.distributions = t.distributions[:len(t.distributions)-1]
	if p.python.version != p.target.python {
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(
			"the zips hold no .pyc, which slows down each cold start; install Python %[1]s on the PATH or in pyenv, or name it with --interpreter",
			p.target.python))
		return nil
	}
	p.Progress("Compiling to bytecode with " + p.python.program)
	folder := filepath.Join(p.scratch, "bytecode")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("compile to .pyc: %w", err)
	}
	p.report.Compiled, p.report.NotPython, err = compile(ctx, p.python, folder, p.distributions, p.handler)
	return err
}

// compress compresses all files into the spool.
func (p *packing) compress(ctx context.Context) error {
	all := append(p.distributions[:len(p.distributions):len(p.distributions)], p.handler)
	var total int64
	for _, d := range all {
		p.members[d] = make([]bundle.Member, len(d.files))
		total += d.size()
	}
	p.Progress("Compressing " + megabytes(total))
	var mu sync.Mutex // of done, announced and Progress
	var done, announced int64
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, d := range all {
		for i, f := range d.files {
			if groupCtx.Err() != nil {
				break
			}
			group.Go(func() (err error) {
				p.members[d][i], err = p.add(f)
				mu.Lock()
				defer mu.Unlock()
				done += f.size
				if quarter := done * 4 / max(total, 1); quarter > announced {
					announced = quarter
					p.Progress(fmt.Sprintf("Compressed %d %%", quarter*25))
				}
				return err
			})
		}
	}
	return errors.Join(group.Wait(), ctx.Err())
}

func (p *packing) add(f *file) (bundle.Member, error) {
	content, err := f.open()
	if err != nil {
		return bundle.Member{}, fmt.Errorf("compress %s: %w", f.path, err)
	}
	defer content.Close()
	return p.spool.Add(f.path, f.executable, content)
}

// write writes all files, and then renames them to their final paths.
func (p *packing) write(ctx context.Context) error {
	sizes := map[*distribution]Size{}
	for d, members := range p.members {
		var sum Size
		for _, m := range members {
			sum.add(memberSize(m))
		}
		sizes[d] = sum
	}
	dist, dependencies, err := split(p.distributions, sizes, p.handler, p.Lean)
	if err != nil {
		return err
	}
	p.Progress("Writing the zips")
	done := &commit{}
	defer done.abandon()
	if p.report.Dist, err = p.writeZip(done, p.distPath(), append(dist, p.handler)); err != nil {
		return err
	}
	if len(dependencies) > 0 {
		if p.report.Dependencies, err = p.writeZip(done, p.dependenciesPath(), dependencies); err != nil {
			return err
		}
		if size := p.report.Dependencies.Unzipped; size > maxStorage {
			return fmt.Errorf("the dependencies have %s unzipped; want at most %s, the maximum of ephemeral_storage", megabytes(size), megabytes(maxStorage))
		}
	} else {
		done.remove(p.dependenciesPath())
	}
	p.report.sum(sizes, p.handler, dist, dependencies)
	sbom, err := p.sbom()
	if err != nil {
		return err
	}
	p.report.SBOM, p.report.Lock = p.sbomPath(), p.lockPath(p.target)
	if err := errors.Join(done.content(p.sbomPath(), sbom), done.content(p.report.Lock, []byte(p.lock.text)), ctx.Err()); err != nil {
		return err
	}
	return done.finish()
}

// writeZip writes a zip of packages, which done renames to its path.
func (p *packing) writeZip(done *commit, path string, distributions []*distribution) (*Zip, error) {
	var members []bundle.Member
	for _, d := range distributions {
		members = append(members, p.members[d]...)
	}
	z := &Zip{Path: path}
	sum := sha256.New()
	err := done.write(path, func(target io.Writer) error {
		return p.spool.Write(io.MultiWriter(target, sum, counter{&z.Zipped}), members)
	})
	for _, m := range members {
		z.Files++
		z.Unzipped += m.Size
	}
	z.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return z, err
}

// counter counts the bytes that are written to it.
type counter struct{ bytes *int64 }

func (c counter) Write(data []byte) (int, error) {
	*c.bytes += int64(len(data))
	return len(data), nil
}
