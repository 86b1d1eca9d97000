package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/catalog"
	"defog-cdk/lambda/database"
)

// schemaCommand holds the flags of schema.
type schemaCommand struct {
	*deployment
	output   string
	sample   bool
	personal bool
	force    bool

	check                    bool
	function, json, markdown string
}

func newSchema(d *deployment) *cobra.Command {
	s := schemaCommand{deployment: d}
	command := &cobra.Command{
		Use:   "schema",
		Short: "Write the database's schema for the generators bedrock and openai",
		Long: `Schema reads tables, columns, types, keys and comments of the database that
connection_file or credentials_secret names. It writes them to schema.json in the
folder of the function's dependencies. Beside it, it creates empty glossary.md and
golden.json, which you fill. A table that cannot be read is named in a note and
in schema.json, and does not stop the others.

The generator, and so the operator of its model, reads these files. They hold
values of your data only with --sample, and values of columns that look personal
only with --sample-personal.

With --check, schema writes none of these files. It compares those that exist with the
database, and lists all differences. These are tables, columns and types, golden SQL
that the database does not accept, and names in the glossary. The database checks golden SQL
without running it. With --function, the comparison runs in a deployed function, which
needs lambda:InvokeFunction. The exit code of --check has these meanings:

  0  no differences.
  1  an error, and no comparison.
  2  the database has tables or columns that the files lack.
  3  the files have what the database lacks.`,
		Example: `  defog schema
  defog schema -c connection_file=shop.json --output shop --sample
  defog schema --check --markdown schema.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.checkFlags(cmd.Flags()); err != nil {
				return err
			}
			if s.check {
				return s.compare(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return s.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.output, "output", "", "the `folder` of the files (default: that of function_source_dependencies_zip, or dependencies)")
	flags.BoolVar(&s.sample, "sample", false, "add the values of text columns with few different values, except columns that look personal")
	flags.BoolVar(&s.personal, "sample-personal", false, "add the values of columns that look personal, too")
	flags.BoolVar(&s.force, "force", false, "replace a different schema.json without asking for confirmation")
	flags.BoolVar(&s.check, "check", false, "compare the files with the database")
	flags.StringVar(&s.function, "function", "", "the `name` or ARN of a deployed function that compares its files")
	flags.StringVar(&s.json, "json", "", "write the findings to a `file` as JSON")
	flags.StringVar(&s.markdown, "markdown", "", "write the findings to a `file` as Markdown")
	return command
}

func (s *schemaCommand) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	settings, err := s.settings()
	if err != nil {
		return err
	}
	folder, err := s.folder(settings)
	if err != nil {
		return err
	}
	conn, err := s.connection(ctx, settings)
	if err != nil {
		return err
	}
	content, unreadable, err := s.read(ctx, conn, folder, stderr)
	if err != nil {
		return err
	}
	if err := s.confirmReplace(filepath.Join(folder, schema.File), content, stdin, stdout); err != nil {
		return err
	}
	if err := writeSchemaFiles(folder, content); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: written\n", terminal.Line(filepath.Join(folder, schema.File)))
	if unreadable > 0 {
		fmt.Fprintf(stdout, "Note: the notes above and \"unreadable\" in %s name what could not be read (%d).\n", schema.File, unreadable)
	}
	fmt.Fprintf(stdout, "Deploy with -c function_source_dependencies_zip=%s and -c generator=bedrock or -c generator=openai.\n", terminal.Line(folder))
	return nil
}

// folder returns the folder for the files.
func (s *schemaCommand) folder(settings config.Settings) (string, error) {
	switch {
	case s.output != "":
		return s.output, nil
	case settings.Dependencies == "":
		return "dependencies", nil
	case strings.HasSuffix(settings.Dependencies, ".zip"):
		return "", errors.New("function_source_dependencies_zip: is a zip; want a folder, or another folder with --output")
	}
	return inHome(settings.Dependencies)
}

func (s *schemaCommand) connection(ctx context.Context, settings config.Settings) (conn connection.Connection, err error) {
	if settings.CredentialsSecret != "" {
		conn, err = s.readSecret(ctx, settings.CredentialsSecret)
	} else {
		var path string
		if path, err = settings.ConnectionPath(); err == nil {
			conn, err = connection.Read(path)
		}
	}
	if err == nil && len(conn.DBCreds) == 0 {
		err = errors.New("db_creds: are empty; want the database's credentials, because schema reads the database")
	}
	return conn, err
}

// inHome expands a leading ~, which no shell expands after "-c key=".
func inHome(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home directory for %s: %w", path, err)
	}
	return filepath.Join(home, rest), nil
}

// read returns the content of schema.json, and the number of unreadable objects.
func (s *schemaCommand) read(ctx context.Context, conn connection.Connection, folder string, stderr io.Writer) (content []byte, unreadable int, err error) {
	db, err := drivers().Open(conn, database.Options{Directory: folder, Token: s.databaseToken})
	if err != nil {
		return nil, 0, fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := catalog.Read(ctx, db, conn.DBType, catalog.Options{
		Sample:   s.sample,
		Personal: s.personal,
		Dataset:  conn.DBCreds.Text("dataset"),
		Progress: func(message string) { fmt.Fprintln(stderr, terminal.Line(message)) },
	})
	if failed, ok := errors.AsType[*database.ConnectionError](err); ok {
		// The cause names hosts and users, which the operator may see.
		return nil, 0, fmt.Errorf("%w: %w", err, failed.Cause)
	}
	if err != nil {
		return nil, 0, err
	}
	content, err = found.At(time.Now()).Encode()
	return content, len(found.Unreadable), err
}

// isSameSchema reports whether two files differ in the time of their reads alone.
func isSameSchema(old, content []byte) bool {
	was, err := schema.Parse(old)
	if err != nil {
		return false
	}
	is, err := schema.Parse(content)
	if err != nil {
		return false
	}
	was.ReadAt, is.ReadAt = "", ""
	return reflect.DeepEqual(was, is)
}

// confirmReplace asks before it replaces a different file.
func (s *schemaCommand) confirmReplace(path string, content []byte, stdin io.Reader, stdout io.Writer) error {
	old, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && (s.force || isSameSchema(old, content)):
		return nil
	case err != nil:
		return fmt.Errorf("read the old %s: %w", schema.File, err)
	}
	if !confirm(stdin, stdout, fmt.Sprintf("%s exists and differs. Replace it?", terminal.Line(path))) {
		return fmt.Errorf("%s: is unchanged; to replace it without confirmation, use --force", path)
	}
	return nil
}
