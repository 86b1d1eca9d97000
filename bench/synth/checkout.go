package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// javascriptFolder is where the JavaScript app is in the checkout.
const javascriptFolder = "bench/synth/javascript"

// usePinnedTools makes programs start the CDK CLI and the Node of the checkout,
// with the CDK's validation on by default.
func usePinnedTools() error {
	bin, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		return fmt.Errorf("find the CDK CLI: %w", err)
	}
	return errors.Join(
		os.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH")),
		os.Unsetenv("CDK_VALIDATION"))
}

// newApps copies the checkout, with both apps in it, to a new folder, and
// warms them up.
func newApps(ctx context.Context, directory string, settings []string) (golang, javascript *app, err error) {
	if err := copyCheckout(ctx, directory); err != nil {
		return nil, nil, fmt.Errorf("copy the checkout: %w", err)
	}
	pinned, err := filepath.Abs("node_modules")
	if err != nil {
		return nil, nil, fmt.Errorf("find the packages of npm: %w", err)
	}
	if err := os.Symlink(pinned, filepath.Join(directory, "node_modules")); err != nil {
		return nil, nil, fmt.Errorf("link the packages of npm: %w", err)
	}
	golang = &app{directory: directory, source: "stacks/query/stack.go", settings: settings, run: rand.Text()}
	if golang.command, err = appCommand(); err != nil {
		return nil, nil, err
	}
	javascript = &app{directory: filepath.Join(directory, javascriptFolder), source: "app.js", settings: settings, command: "node app.js", run: golang.run}
	if err := install(ctx, javascript.directory); err != nil {
		return nil, nil, fmt.Errorf("install the JavaScript app: %w", err)
	}
	return golang, javascript, errors.Join(golang.warm(ctx, ways()), javascript.warm(ctx, ways()))
}

// leftOut are the folders that the copy of a checkout does not need.
var leftOut = []string{".git", ".build", ".venv", "node_modules", "cdk.out", "dist"}

// copyCheckout copies the checkout without packages, assemblies and other results.
func copyCheckout(ctx context.Context, to string) error {
	return filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry.IsDir() && slices.Contains(leftOut, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, info.Mode())
	})
}

// appCommand is how the CDK CLI starts this app.
func appCommand() (string, error) {
	text, err := os.ReadFile("cdk.json")
	if err != nil {
		return "", fmt.Errorf("read the app command: %w", err)
	}
	var cdk struct{ App string }
	if err := json.Unmarshal(text, &cdk); err != nil {
		return "", fmt.Errorf("read the app command from cdk.json: %w", err)
	}
	return cdk.App, nil
}

// install gives the copy of the JavaScript app the packages of the original and the
// feature flags in cdk.json. It installs missing packages.
func install(ctx context.Context, directory string) error {
	packages, err := filepath.Abs(filepath.Join(javascriptFolder, "node_modules"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(packages); errors.Is(err, fs.ErrNotExist) {
		npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		npm.Dir = javascriptFolder
		if output, err := npm.CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci: %w\n%s", err, output)
		}
	}
	return errors.Join(
		os.Symlink(packages, filepath.Join(directory, "node_modules")),
		os.Symlink("../../../cdk.json", filepath.Join(directory, "cdk.json")))
}
