package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/pack"
	"defog-cdk/cmd/defog/terminal"
)

// listed is the number of packages that the report lists.
const listed = 20

func newPack() *cobra.Command {
	var o pack.Options
	command := &cobra.Command{
		Use:   "pack",
		Short: "Build the zips of a custom function in Python, without Docker",
		Long: `Pack builds ‹name›_dist.zip, the function's package, and ‹name›_deps.zip, the
packages that do not fit into it. It builds for Lambda's platform on any machine,
from wheels; of packages without a wheel it builds only those in pure Python. The
same lock file results in the same zips, byte by byte.

Relative paths in a requirements file are relative to that file. uv reads its own
environment variables: behind a proxy with a certificate authority of its own, set
SSL_CERT_FILE to that authority's certificates, or use --system-certs.

Pack removes files that the function does not need at run time. --keep RULE keeps
them:
` + rules(),
		Example: `  defog pack --requirements requirements.txt --handler handler.py --arch arm64
  defog pack --requirements podpac.txt --handler handler.py --arch x86_64 --name podpac --keep tests`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPack(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.Requirements, "requirements", "requirements.txt", "the requirements `file`")
	flags.StringVar(&o.Handler, "handler", "handler.py", "the handler's `file`, or a folder whose content is packed")
	flags.StringVar(&o.Python, "python", "3.12", "the runtime's `version` of Python")
	flags.StringVar(&o.Arch, "arch", "arm64", "the function's architecture: arm64 or x86_64")
	flags.StringVar(&o.DistDir, "dist-dir", "dist", "the `folder` for the zips")
	flags.StringVar(&o.Name, "name", "function", "the prefix of the zips' names")
	flags.BoolVar(&o.Lean, "lean", false, "put all packages into the dependencies, and only the handler into the dist zip")
	flags.StringArrayVar(&o.Keep, "keep", nil, "keep the files that `RULE` removes (repeatable)")
	flags.BoolVar(&o.Upgrade, "upgrade", false, "ignore the lock file and resolve the newest versions")
	flags.StringVar(&o.Indexes.IndexURL, "index-url", "", "the package index, instead of PyPI")
	flags.StringArrayVar(&o.Indexes.FindLinks, "find-links", nil, "a `folder` or page with further wheels (repeatable)")
	flags.BoolVar(&o.Indexes.NoIndex, "no-index", false, "use the wheels of --find-links alone")
	flags.BoolVar(&o.SystemCerts, "system-certs", false, "trust the certificate authorities of this machine (default: UV_SYSTEM_CERTS)")
	flags.StringVar(&o.Interpreter, "interpreter", "", "the `python` that compiles to .pyc (default: one of that version, from PATH or pyenv)")
	return command
}

func rules() string {
	var out strings.Builder
	for _, rule := range pack.Rules {
		fmt.Fprintf(&out, "\n  %-12s %s", rule.Name, rule.About)
	}
	return out.String()
}

func runPack(ctx context.Context, o pack.Options, stdout, stderr io.Writer) error {
	caches, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("find the folder for caches: %w", err)
	}
	o.Machine = pack.Machine{Path: os.Getenv("PATH"), Pyenv: os.Getenv("PYENV_ROOT"), Caches: filepath.Join(caches, "defog"), CertFile: os.Getenv("SSL_CERT_FILE")}
	// uv reads the variable itself; pip, which can install uv, does not.
	if slices.Contains([]string{"1", "true", "yes", "on"}, strings.ToLower(os.Getenv("UV_SYSTEM_CERTS"))) {
		o.SystemCerts = true
	}
	if o.Machine.Pyenv == "" {
		if home, err := os.UserHomeDir(); err == nil {
			o.Machine.Pyenv = filepath.Join(home, ".pyenv")
		}
	}
	o.Progress = func(message string) { fmt.Fprintln(stderr, terminal.Line(message)) }
	report, err := pack.Run(ctx, o)
	if err != nil {
		return err
	}
	return printReport(report, stdout)
}

// printReport prints the packages, the zips, and the settings that deploy them.
func printReport(r *pack.Report, w io.Writer) error {
	var rows [][]json.RawMessage
	rest := pack.Package{}
	others := max(len(r.Packages)-listed, 0)
	for i, p := range r.Packages {
		if i < listed {
			archive := "deps"
			if p.Dist {
				archive = "dist"
			}
			rows = append(rows, packageRow(p.Name, p.Version, archive, p))
			continue
		}
		rest.Files, rest.Zipped, rest.Unzipped = rest.Files+p.Files, rest.Zipped+p.Zipped, rest.Unzipped+p.Unzipped
	}
	if others > 0 {
		rows = append(rows, packageRow(fmt.Sprintf("%d others", others), "", "", rest))
	}
	terminal.Table(w, []string{"package", "version", "zip", "MB zipped", "MB", "files"}, rows)
	for _, s := range r.Stripped {
		fmt.Fprintf(w, "Removed %-12s %7.1f MB, %5d files\n", s.Rule, pack.Megabytes(s.Bytes), s.Files)
		for _, note := range s.Notes {
			fmt.Fprintf(w, "  %s\n", terminal.Line(note))
		}
	}
	if r.Compiled > 0 {
		fmt.Fprintf(w, "Compiled %d files to .pyc", r.Compiled)
		if len(r.NotPython) > 0 {
			fmt.Fprintf(w, "; %d files are not valid in this version of Python and stay as they are", len(r.NotPython))
		}
		fmt.Fprintln(w)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "Warning:", terminal.Line(warning))
	}
	fmt.Fprintf(w, "%s: the lock file; commit it\n%s: the packages in the zips (CycloneDX)\n", terminal.Line(r.Lock), terminal.Line(r.SBOM))
	deploy := "Deploy with -c function_source_dist_zip=" + r.Dist.Path
	printZip(w, r.Dist)
	if r.Dependencies != nil {
		printZip(w, r.Dependencies)
		deploy += " -c function_source_dependencies_zip=" + r.Dependencies.Path
	}
	_, err := fmt.Fprintln(w, terminal.Line(deploy))
	return err
}

func printZip(w io.Writer, z *pack.Zip) {
	fmt.Fprintf(w, "%s: %.1f MB, %.1f MB unzipped, %d files, SHA-256 %s\n",
		terminal.Line(z.Path), pack.Megabytes(z.Zipped), pack.Megabytes(z.Unzipped), z.Files, z.SHA256)
}

func packageRow(name, version, archive string, p pack.Package) (row []json.RawMessage) {
	for _, cell := range []string{
		name, version, archive,
		fmt.Sprintf("%.1f", pack.Megabytes(p.Zipped)), fmt.Sprintf("%.1f", pack.Megabytes(p.Unzipped)), fmt.Sprint(p.Files),
	} {
		row = append(row, terminal.Quote(cell))
	}
	return row
}
