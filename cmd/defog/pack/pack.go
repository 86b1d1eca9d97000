// Package pack makes the two zips that a Python function of one's own is deployed
// from: the dist zip, which is the function's package, and the dependencies zip,
// which outgrows it and is fetched at start.
//
// It resolves wheels for Lambda's platform, whatever this machine is, checks and
// lightens them, compiles them to bytecode, and writes zips that are the same,
// byte by byte, wherever and whenever the same lock file is packed.
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

// packing is one run.
type packing struct {
	Options
	target  target
	scratch string // a folder in DistDir, removed at the end
	python  interpreter

	wanted        map[string]string // versions that the requirements ask for
	lock          lock
	packages      []resolved
	distributions []*distribution
	handler       *distribution
	members       map[*distribution][]bundle.Member
	spool         *bundle.Spool
	report        Report
}

// Run packs. What was packed before stays as it is until all is done, and if
// anything fails or ctx ends.
func Run(ctx context.Context, options Options) (*Report, error) {
	target, err := options.check()
	if err != nil {
		return nil, err
	}
	p := &packing{Options: options, target: target, members: map[*distribution][]bundle.Member{}}
	made, err := p.makeScratch()
	if err != nil {
		return nil, err
	}
	err = errors.Join(p.run(ctx), os.RemoveAll(p.scratch))
	if err != nil {
		if made {
			// It is not empty if somebody else has put something there.
			_ = os.Remove(p.DistDir)
		}
		return nil, err
	}
	return &p.report, nil
}

// makeScratch makes the folder for files on their way, where a rename can bring
// them to their place. It reports whether it made DistDir, too.
func (p *packing) makeScratch() (made bool, err error) {
	_, missing := os.Stat(p.DistDir)
	if err := os.MkdirAll(p.DistDir, 0o755); err != nil { //nolint:gosec // what is deployed is no secret
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
	if err := p.lighten(ctx); err != nil {
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

// fetch resolves the requirements and puts the packages into the scratch folder.
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
	requirements, err := readRequirements(p.Requirements)
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
			program: program,
			python:  p.python.program,
			folder:  filepath.Dir(requirements.path),
			scratch: p.scratch,
			flags:   append(p.Indexes.flags(), "--build-constraints", constraints),
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

// checkBuilt refuses what was built here and is for this machine alone.
func (p *packing) checkBuilt() error {
	var problems []error
	for _, d := range p.distributions {
		if !p.fromSource(d.name) {
			continue
		}
		for _, tag := range d.tags {
			if !strings.HasSuffix(tag, "-none-any") {
				problems = append(problems, fmt.Errorf("%s %s exists only as source, and is not pure Python (its wheel is %s): it cannot be built here for %s",
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

// checkClashes refuses a handler's file that a package has, too.
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
			problems = append(problems, fmt.Errorf("--handler: %s is a file of the package %s, too", f.path, name))
		}
	}
	return errors.Join(problems...)
}

// lighten leaves out what is not needed, and adds the bytecode.
func (p *packing) lighten(ctx context.Context) (err error) {
	t := &tree{distributions: append(p.distributions, p.handler), wanted: p.wanted}
	p.Progress("Leaving out what is not needed at run time")
	if p.report.Stripped, err = strip(t, &p.Options); err != nil {
		return err
	}
	p.distributions = t.distributions[:len(t.distributions)-1]
	if p.python.version != p.target.python {
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(
			"there are no .pyc, which makes every cold start slower: that takes a Python %[1]s, and this machine has none on the PATH or in pyenv; install one (python%[1]s) or name it with --interpreter",
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

// compress fills the spool.
func (p *packing) compress(ctx context.Context) error {
	all := append(p.distributions[:len(p.distributions):len(p.distributions)], p.handler)
	var total int64
	for _, d := range all {
		p.members[d] = make([]bundle.Member, len(d.files))
		total += d.size()
	}
	p.Progress("Compressing " + megabytes(total))
	var mu sync.Mutex // Progress is told by one at a time
	var done, said int64
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
				if quarter := done * 4 / max(total, 1); quarter > said {
					said = quarter
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

// write writes all files, and brings them to their places when they are there.
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
			return fmt.Errorf("the dependencies have %s, more than Lambda can store (ephemeral_storage): %s", megabytes(size), megabytes(maxStorage))
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

// writeZip writes a zip of packages beside its place.
func (p *packing) writeZip(done *commit, place string, distributions []*distribution) (*Zip, error) {
	var members []bundle.Member
	for _, d := range distributions {
		members = append(members, p.members[d]...)
	}
	z := &Zip{Path: place}
	sum := sha256.New()
	err := done.write(place, func(target io.Writer) error {
		return p.spool.Write(io.MultiWriter(target, sum, counter{&z.Zipped}), members)
	})
	for _, m := range members {
		z.Files++
		z.Unzipped += m.Size
	}
	z.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return z, err
}

// counter counts what is written to it.
type counter struct{ bytes *int64 }

func (c counter) Write(data []byte) (int, error) {
	*c.bytes += int64(len(data))
	return len(data), nil
}
