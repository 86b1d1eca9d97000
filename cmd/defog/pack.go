package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/pack"
	"defog-cdk/cmd/defog/terminal"
)

// largest are how many packages the report shows.
const largest = 20

func newPack() *cobra.Command {
	var o pack.Options
	command := &cobra.Command{
		Use:   "pack",
		Short: "Build the zips of a Python function of your own, without Docker",
		Long: `Pack builds ‹name›_dist.zip, the function's package, and ‹name›_deps.zip, the
packages that outgrow it, for Lambda's platform, whatever this machine is. Only
wheels are taken; a pure Python package that exists only as source is built. The
same lock file gives the same zips, byte by byte.

It leaves out what nothing needs at run time. --keep RULE leaves it in:
` + rules(),
		Example: `  defog pack --requirements requirements.txt --handler handler.py --arch arm64
  defog pack --requirements podpac.txt --handler handler.py --arch x86_64 --name podpac --keep tests`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPack(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.Requirements, "requirements", "requirements.txt", "the packages, as a requirements `file`")
	flags.StringVar(&o.Handler, "handler", "handler.py", "the handler's `file`, or a folder of which the content is packed")
	flags.StringVar(&o.Python, "python", "3.12", "the runtime's `version` of Python")
	flags.StringVar(&o.Arch, "arch", "arm64", "arm64 or x86_64")
	flags.StringVar(&o.DistDir, "dist-dir", "dist", "the `folder` to write to")
	flags.StringVar(&o.Name, "name", "function", "what the zips' names begin with")
	flags.BoolVar(&o.Lean, "lean", false, "put everything but the handler into the dependencies")
	flags.StringArrayVar(&o.Keep, "keep", nil, "leave in what `RULE` leaves out (repeatable)")
	flags.BoolVar(&o.Upgrade, "upgrade", false, "resolve anew, whatever the lock file says")
	flags.StringVar(&o.Indexes.IndexURL, "index-url", "", "the package index, instead of PyPI")
	flags.StringArrayVar(&o.Indexes.FindLinks, "find-links", nil, "a `folder` or page with more wheels (repeatable)")
	flags.BoolVar(&o.Indexes.NoIndex, "no-index", false, "take wheels from --find-links alone")
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
	o.Machine = pack.Machine{Path: os.Getenv("PATH"), Pyenv: os.Getenv("PYENV_ROOT"), Caches: filepath.Join(caches, "defog")}
	if o.Machine.Pyenv == "" {
		if home, err := os.UserHomeDir(); err == nil {
			o.Machine.Pyenv = filepath.Join(home, ".pyenv")
		}
	}
	o.Progress = func(about string) { fmt.Fprintln(stderr, terminal.Line(about)) }
	report, err := pack.Run(ctx, o)
	if err != nil {
		return err
	}
	return showPacked(report, stdout)
}

// showPacked prints what was packed, and how to deploy it.
func showPacked(r *pack.Report, w io.Writer) error {
	var rows [][]json.RawMessage
	rest := pack.Package{}
	others := max(len(r.Packages)-largest, 0)
	for i, p := range r.Packages {
		if i < largest {
			rows = append(rows, packageRow(p.Name, p.Version, place(p.Dist), p))
			continue
		}
		rest.Files, rest.Zipped, rest.Unzipped = rest.Files+p.Files, rest.Zipped+p.Zipped, rest.Unzipped+p.Unzipped
	}
	if others > 0 {
		rows = append(rows, packageRow(fmt.Sprintf("%d others", others), "", "", rest))
	}
	terminal.Table(w, []string{"package", "version", "zip", "MB zipped", "MB", "files"}, rows)
	for _, s := range r.Stripped {
		fmt.Fprintf(w, "Left out %-12s %7.1f MB, %5d files\n", s.Rule, pack.Megabytes(s.Bytes), s.Files)
		for _, note := range s.Notes {
			fmt.Fprintf(w, "  %s\n", terminal.Line(note))
		}
	}
	if r.Compiled > 0 {
		fmt.Fprintf(w, "Compiled %d files to .pyc", r.Compiled)
		if len(r.NotPython) > 0 {
			fmt.Fprintf(w, "; %d are no code of this Python and are as they were", len(r.NotPython))
		}
		fmt.Fprintln(w)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "Warning:", terminal.Line(warning))
	}
	fmt.Fprintf(w, "%s: to be kept in version control\n%s: the packages in the zips (CycloneDX)\n", terminal.Line(r.Lock), terminal.Line(r.SBOM))
	deploy := "Deploy with -c function_source_dist_zip=" + r.Dist.Path
	showZip(w, r.Dist)
	if r.Dependencies != nil {
		showZip(w, r.Dependencies)
		deploy += " -c function_source_dependencies_zip=" + r.Dependencies.Path
	}
	_, err := fmt.Fprintln(w, terminal.Line(deploy))
	return err
}

func showZip(w io.Writer, z *pack.Zip) {
	fmt.Fprintf(w, "%s: %.1f MB, %.1f MB unzipped, %d files, SHA-256 %s\n",
		terminal.Line(z.Path), pack.Megabytes(z.Zipped), pack.Megabytes(z.Unzipped), z.Files, z.SHA256)
}

func place(dist bool) string {
	if dist {
		return "dist"
	}
	return "deps"
}

func packageRow(name, version, place string, p pack.Package) []json.RawMessage {
	text := func(s string) json.RawMessage {
		quoted, err := json.Marshal(s)
		if err != nil {
			panic(err) // text can always be written
		}
		return quoted
	}
	return []json.RawMessage{
		text(name), text(version), text(place),
		text(fmt.Sprintf("%.1f", pack.Megabytes(p.Zipped))), text(fmt.Sprintf("%.1f", pack.Megabytes(p.Unzipped))), text(fmt.Sprint(p.Files)),
	}
}
