package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"defog-cdk/config"
	"defog-cdk/internal/page"
	"defog-cdk/internal/page/build"
)

// checkoutFolder is the folder of the app, where the CDK CLI runs it.
const checkoutFolder = "."

// Page is the code of the function that serves the page: the program and the
// page's files.
type Page struct {
	code    *Program
	program *Program // without the files
}

// PageIn returns code that is complete already. Remove deletes the folder.
func PageIn(directory string) *Page { return &Page{code: ProgramIn(directory)} }

// Directory waits for npm and the compiler, and returns the folder with the code.
func (p *Page) Directory() (string, error) { return p.code.Directory() }

// Remove deletes the files. It may be called on nil.
func (p *Page) Remove() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.code.Remove(), p.program.Remove())
}

// pageConfigOf returns the page's configuration. It is public, so golden questions
// are not part of it.
func pageConfigOf(s config.Settings) *page.Config {
	public := &page.Config{API: "./", App: s.StackName(), Auth: page.AuthNone, Examples: s.PageExamples, Async: s.AsyncQuestions, Feedback: s.History}
	if s.APIAuth == "jwt" {
		public.Auth = page.AuthOIDC
		public.OIDC = &page.OIDC{Issuer: s.JWTIssuer, ClientID: s.PageClientID, Scopes: s.PageScopes, Origins: s.PageOrigins}
	}
	return public
}

func pageSource(architecture string) source {
	return source{"defog-cdk/lambda/page", "lambda.norpc", architecture, bootstrap}
}

// page starts to build the page and to compile the program that serves it.
func (p *preparer) page(ctx context.Context, architecture string, public page.Config) *Page {
	program := p.program(ctx, pageSource(architecture))
	return &Page{program: program, code: background(func() (string, error) {
		files, err := build.Page(ctx, checkoutFolder, io.Discard)
		if err != nil {
			return "", fmt.Errorf("page: %w", err)
		}
		compiled, err := program.Directory()
		if err != nil {
			return "", err
		}
		directory, err := os.MkdirTemp("", "defog-page-")
		if err != nil {
			return "", fmt.Errorf("page: %w", err)
		}
		if err := assemblePage(directory, compiled, files, public); err != nil {
			return directory, fmt.Errorf("page: %w", err)
		}
		return directory, nil
	})}
}

// assemblePage copies the program and the page's files, each with its compressed
// form, since the function has no time to compress.
func assemblePage(directory, compiled, files string, public page.Config) error {
	program, err := os.ReadFile(filepath.Join(compiled, bootstrap))
	if err != nil {
		return err
	}
	if err := writeCode(directory, bootstrap, program, 0o755); err != nil {
		return err
	}
	content, err := json.Marshal(public)
	if err != nil {
		return err
	}
	if err := writeFile(directory, page.ConfigFile, content); err != nil {
		return err
	}
	source := os.DirFS(files)
	return fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		if !page.HasRoute(name) {
			return fmt.Errorf("%s has no route in the API; want %s, %s, or a file in %s/", name, page.Index, page.Icon, page.AssetsFolder)
		}
		content, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		return writeFile(directory, name, content)
	})
}

// writeFile writes a file of the page and its compressed form.
func writeFile(directory, name string, content []byte) error {
	zipped, err := page.Compress(content)
	if err != nil {
		return err
	}
	name = page.Folder + "/" + name
	return errors.Join(writeCode(directory, name, content, 0o644), writeCode(directory, name+page.Compressed, zipped, 0o644))
}

// writeCode writes a file that Lambda's user can read, whatever the umask is.
func writeCode(directory, name string, content []byte, mode os.FileMode) error {
	file := filepath.Join(directory, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // for that user
		return err
	}
	if err := os.WriteFile(file, content, mode); err != nil { //nolint:gosec // the names are those of the built page
		return err
	}
	return os.Chmod(file, mode)
}
