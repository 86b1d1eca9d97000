// Package build builds the page's files from its source with npm, if they are not
// up to date.
package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Folders of a checkout.
const (
	source = "web"
	output = "dist" // below source
)

// stamp is a file with the hash of what was built or installed. A build removes
// the stamp of the previous one together with its files.
const stamp = ".inputs"

// notInputs are the folders below the source that the build does not read.
var notInputs = []string{"browser", output, "node_modules", "test"}

// Page builds the page of a checkout, and returns the folder with its files. It
// writes the title of each step to log. Several processes may call it at once.
func Page(ctx context.Context, checkout string, log io.Writer) (folder string, err error) {
	b := builder{folder: filepath.Join(checkout, source), log: log}
	if _, err := os.Stat(filepath.Join(b.folder, "package.json")); err != nil {
		return "", fmt.Errorf("build the page: %w; want the folder %s of the checkout", err, source)
	}
	unlock, err := lock(ctx, filepath.Join(checkout, ".build"))
	if err != nil {
		return "", fmt.Errorf("build the page: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := b.build(ctx); err != nil {
		return "", fmt.Errorf("build the page: %w", err)
	}
	return filepath.Join(b.folder, output), nil
}

// lock waits until no other process builds the page.
func lock(ctx context.Context, folder string) (unlock func() error, err error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, err
	}
	file := flock.New(filepath.Join(folder, "page.lock"))
	if _, err := file.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return nil, err
	}
	return file.Unlock, nil
}

type builder struct {
	folder string
	log    io.Writer
}

func (b *builder) build(ctx context.Context) error {
	inputs, err := hashFiles(b.folder)
	if err != nil {
		return err
	}
	built := filepath.Join(b.folder, output, stamp)
	if isStamped(built, inputs) {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return errors.New("npm: not found; want npm, which comes with Node 20 or later from https://nodejs.org/")
	}
	if err := b.install(ctx); err != nil {
		return err
	}
	if err := b.npm(ctx, "build the page (npm run build)", "run", "build"); err != nil {
		return err
	}
	return os.WriteFile(built, []byte(inputs), 0o644)
}

// install installs the packages, unless they are installed.
func (b *builder) install(ctx context.Context) error {
	hash := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join(b.folder, name))
		if err != nil {
			return err
		}
		hash.Write(content)
	}
	installed := filepath.Join(b.folder, "node_modules", stamp)
	packages := hex.EncodeToString(hash.Sum(nil))
	if isStamped(installed, packages) {
		return nil
	}
	if err := b.npm(ctx, "install the page's packages (npm ci)", "ci", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(installed), 0o750); err != nil { // npm makes none for no packages
		return err
	}
	return os.WriteFile(installed, []byte(packages), 0o644)
}

// npm runs npm in the source's folder. Its output is part of an error.
func (b *builder) npm(ctx context.Context, title string, arguments ...string) error {
	fmt.Fprintln(b.log, title, "…")
	command := exec.CommandContext(ctx, "npm", arguments...)
	command.Dir = b.folder
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	command.WaitDelay = 3 * time.Second
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", strings.Join(command.Args, " "), source, errors.Join(err, ctx.Err()), output.String())
	}
	return nil
}

func isStamped(path, want string) bool {
	content, err := os.ReadFile(path)
	return err == nil && string(content) == want
}

// hashFiles returns the hash of the names and the contents of a folder's files.
func hashFiles(folder string) (sum string, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	hash, files := sha256.New(), root.FS()
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case slices.Contains(notInputs, name) && entry.IsDir():
			return fs.SkipDir
		case slices.Contains(notInputs, name), entry.IsDir():
			return nil
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s\n%d\n", name, len(content))
		hash.Write(content)
		return nil
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}
