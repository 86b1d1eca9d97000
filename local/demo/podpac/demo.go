package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"defog-cdk/internal/localaws"
	"defog-cdk/local/show"
)

// Where podpac is packed to, and where the picture stays.
const (
	packed  = ".build/podpac"
	picture = packed + "/map.png"
	preview = packed + "/grid.png"
	handler = packed + "/function" // with the layer
)

// example is the handler's folder.
const example = "examples/podpac"

// demo is one run.
type demo struct {
	show.Show
	keep    bool
	python  string // of the local AWS, to which podpac must fit: 3.12
	direct  string // folder with the extracted packages, to run podpac without AWS
	outcome []outcome
}

func (d *demo) run(ctx context.Context) error {
	if err := d.findPython(ctx); err != nil {
		return err
	}
	if err := d.Build(ctx); err != nil {
		return err
	}
	if err := d.Bootstrap(ctx); err != nil {
		return err
	}
	if err := d.pack(ctx); err != nil {
		return err
	}
	if err := d.test(ctx); err != nil {
		return err
	}
	uploaded, err := d.upload(ctx)
	if err != nil {
		return err
	}
	zips := []string{
		"-c", "function_source_dist_zip=" + zip("dist"),
		"-c", "function_source_dependencies_zip=" + zip("deps"),
	}
	flows := []flow{{d, "bucket", uploaded, false}, {d, "zips", zips, true}}
	for _, flow := range flows {
		outcome, err := flow.run(ctx)
		if err != nil {
			return err
		}
		d.outcome = append(d.outcome, outcome)
	}
	if err := d.report(); err != nil || !d.keep {
		return err
	}
	return d.keepRunning(ctx, flows[1])
}

// zip is the path of what was packed.
func zip(part string) string { return fmt.Sprintf("%s/podpac_%s.zip", packed, part) }

// interpreter is the Python of the local AWS, which runs its Python functions.
func interpreter() string { return filepath.Join(".venv", "bin", "python") }

// findPython asks it for its version, which must be one that Lambda has, too.
func (d *demo) findPython(ctx context.Context) error {
	var version, wrong bytes.Buffer
	command := d.Command(ctx, &version, interpreter(), "-c", `import sys; print("%d.%d" % sys.version_info[:2])`)
	command.Stderr = &wrong
	if err := command.Run(); err != nil {
		return fmt.Errorf("ask Python for its version: %w: %s", err, &wrong)
	}
	switch d.python = strings.TrimSpace(version.String()); d.python {
	case "3.11", "3.12", "3.13":
	default:
		return fmt.Errorf("python3 is %s, which podpac does not run on: put Python 3.11, 3.12 or 3.13 on the PATH, remove .venv, and try again", d.python)
	}
	if localaws.Architecture() != "x86_64" {
		return fmt.Errorf("podpac 4 cannot be had for %s from wheels: its numcodecs has none", localaws.Architecture())
	}
	return nil
}

// pack makes the zips: from what was downloaded before, if that is all there,
// else from PyPI.
func (d *demo) pack(ctx context.Context) error {
	if err := os.MkdirAll(packed, 0o750); err != nil {
		return fmt.Errorf("make a folder for the zips: %w", err)
	}
	requirements, err := d.requirements()
	if err != nil {
		return err
	}
	if err := publish(); err != nil {
		return err
	}
	return d.Step("pack podpac, from PyPI, with `defog pack`", func(out io.Writer) error {
		program := func(out io.Writer) *exec.Cmd {
			return d.DefogCommand(ctx, out, "pack",
				"--requirements", requirements, "--handler", handler, "--keep", "runtime-sdk",
				"--python", d.python, "--arch", localaws.Architecture(), "--interpreter", interpreter(),
				"--name", "podpac", "--dist-dir", packed)
		}
		var printed bytes.Buffer
		offline := program(&printed)
		offline.Env = append(offline.Env, "UV_OFFLINE=1")
		if offline.Run() == nil {
			_, err := printed.WriteTo(out)
			return err
		}
		return program(out).Run()
	})
}

// publish copies the handler, with the demo's layer.
func publish() error {
	layers := filepath.Join(handler, "layers")
	content, err := os.ReadFile(layer)
	if err := errors.Join(err,
		os.RemoveAll(handler),
		os.CopyFS(handler, os.DirFS(filepath.Join(example, "function"))),
		os.MkdirAll(layers, 0o750),
		os.WriteFile(filepath.Join(layers, filepath.Base(layer)), content, 0o600), //nolint:gosec // a file of this checkout
	); err != nil {
		return fmt.Errorf("copy the handler: %w", err)
	}
	return nil
}

// requirements copies the example's requirements to the folder of the zips. It copies
// their lock file for this Python too, if there is one: pack writes one beside them.
func (d *demo) requirements() (path string, err error) {
	files, err := filepath.Glob(filepath.Join(example, "requirements*"))
	if err != nil {
		return "", fmt.Errorf("copy the requirements: %w", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("copy the requirements: %w", err)
		}
		if err := os.WriteFile(filepath.Join(packed, filepath.Base(file)), content, 0o600); err != nil { //nolint:gosec // a file of this checkout
			return "", fmt.Errorf("copy the requirements: %w", err)
		}
	}
	return filepath.Join(packed, "requirements.txt"), nil
}

// test runs the tests of the handler with the real podpac, just as it was
// packed.
func (d *demo) test(ctx context.Context) error {
	d.direct = filepath.Join(d.Directory, "direct")
	if err := d.Step("unpack it for this machine", func(out io.Writer) error {
		for _, part := range []string{"dist", "deps"} {
			if err := d.Command(ctx, out, interpreter(), "-m", "zipfile", "-e", zip(part), d.direct).Run(); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return d.Step("test the handler with the real podpac", func(out io.Writer) error {
		tests := d.podpac(ctx, out, "-m", "unittest", "discover", "--buffer", "--start-directory", example, "--pattern", "test_podpac*.py")
		return tests.Run()
	})
}

// podpac prepares a Python that has podpac.
func (d *demo) podpac(ctx context.Context, out io.Writer, arguments ...string) *exec.Cmd {
	command := d.Command(ctx, out, interpreter(), arguments...)
	command.Env = append(command.Env, "PYTHONPATH="+d.direct, "PYTHONDONTWRITEBYTECODE=1", "HOME="+d.Directory, "TMPDIR="+d.Directory)
	return command
}

// report prints how long each part took.
func (d *demo) report() error {
	fmt.Fprint(d.Out, "\nEvery result equals that of podpac without AWS. The times in seconds:\n\n")
	fmt.Fprintf(d.Out, "  %-34s", "")
	for _, o := range d.outcome {
		fmt.Fprintf(d.Out, "%12s", o.flow)
	}
	fmt.Fprintln(d.Out)
	longest := d.outcome[len(d.outcome)-1].parts
	for i, part := range longest {
		fmt.Fprintf(d.Out, "  %-34s", part.what)
		for _, o := range d.outcome {
			if i < len(o.parts) {
				fmt.Fprintf(d.Out, "%12.2f", o.parts[i].took.Seconds())
			} else {
				fmt.Fprintf(d.Out, "%12s", "-")
			}
		}
		fmt.Fprintln(d.Out)
	}
	folder, err := filepath.Abs(packed)
	if err != nil {
		return fmt.Errorf("find the pictures: %w", err)
	}
	fmt.Fprintf(d.Out, "\nPictures, in %s:\n  %-8s  the map that the API drew\n  %-8s  the grid that the functions evaluated\n",
		folder, filepath.Base(picture), filepath.Base(preview))
	if !d.keep {
		fmt.Fprint(d.Out, "\nTo see a layer on a map in a browser:\n  make demo-podpac KEEP=1\n")
	}
	fmt.Fprintf(d.Out, "\nAfter the set-up, all of it took %.0f s.\n", time.Since(d.Began).Seconds())
	return nil
}
