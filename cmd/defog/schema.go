package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/catalog"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/schema"
	"defog-cdk/lambda/secret"
)

// schemaCommand is the subcommand's flags.
type schemaCommand struct {
	*common
	output   string
	sample   bool
	personal bool
	force    bool
}

func newSchema(common *common) *cobra.Command {
	s := schemaCommand{common: common}
	command := &cobra.Command{
		Use:   "schema",
		Short: "Read the database's schema for the generators bedrock and openai",
		Long: `Schema reads tables, columns, types, keys and comments out of the database that
connection_file (or credentials_secret) names, and writes them into schema.json
in the folder of the function's dependencies. Beside it, it begins glossary.md
and golden.json, which are yours to fill.

The files go to the generator, and so to whoever runs the model: values of your
data are in them only with --sample, and of columns that look personal only with
--sample-personal.`,
		Example: `  defog schema
  defog schema -c connection_file=shop.json --output shop --sample`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.output, "output", "", "the `folder` to write to (default: that of function_source_dependencies_zip, or dependencies)")
	flags.BoolVar(&s.sample, "sample", false, "add values of text columns that hold few different ones, unless they look personal")
	flags.BoolVar(&s.personal, "sample-personal", false, "add values of columns that look personal, too")
	flags.BoolVar(&s.force, "force", false, "replace another schema.json without asking")
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
	content, err := s.read(ctx, conn, folder, stderr)
	if err != nil {
		return err
	}
	if err := s.write(folder, content, stdin, stdout); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Deploy them with -c function_source_dependencies_zip=%s and -c generator=bedrock or openai.\n", terminal.Line(folder))
	return nil
}

// folder returns where the files go.
func (s *schemaCommand) folder(settings config.Settings) (string, error) {
	switch {
	case s.output != "":
		return s.output, nil
	case settings.Dependencies == "":
		return "dependencies", nil
	case strings.HasSuffix(settings.Dependencies, ".zip"):
		return "", errors.New("function_source_dependencies_zip is a zip; name a folder with --output")
	}
	return inHome(settings.Dependencies)
}

func (s *schemaCommand) connection(ctx context.Context, settings config.Settings) (conn connection.Connection, err error) {
	if settings.CredentialsSecret != "" {
		cfg, err := s.aws(ctx)
		if err != nil {
			return conn, err
		}
		conn, err = secret.Read(ctx, secretsmanager.NewFromConfig(cfg), settings.CredentialsSecret)
		if err != nil {
			return conn, err
		}
	} else {
		path, err := inHome(settings.ConnectionFile)
		if err != nil {
			return conn, err
		}
		if conn, err = connection.Read(path); err != nil {
			return conn, err
		}
	}
	if len(conn.DBCreds) == 0 {
		return conn, errors.New("the connection's db_creds are empty; the schema is in the database")
	}
	return conn, nil
}

// inHome expands a leading ~, which no shell expands behind "-c key=".
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

// read returns the content of schema.json.
func (s *schemaCommand) read(ctx context.Context, conn connection.Connection, folder string, stderr io.Writer) (content []byte, err error) {
	db, err := database.Open(conn, database.Surroundings{Directory: folder, Token: s.databaseToken})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := catalog.Read(ctx, db, conn.DBType, catalog.Options{
		Sample:   s.sample,
		Personal: s.personal,
		Dataset:  conn.DBCreds.Text("dataset"),
		Progress: func(about string) { fmt.Fprintln(stderr, terminal.Line(about)) },
	})
	if refused, ok := errors.AsType[*database.ConnectionError](err); ok {
		// The cause names hosts and users, which the operator's own eyes may see.
		return nil, fmt.Errorf("%w: %w", err, refused.Cause)
	}
	if err != nil {
		return nil, err
	}
	return found.Encode()
}

// write puts the files into the folder: schema.json anew, and the operator's own
// only if they are not there.
func (s *schemaCommand) write(folder string, content []byte, stdin io.Reader, stdout io.Writer) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a folder to be deployed
		return fmt.Errorf("make the folder: %w", err)
	}
	path := filepath.Join(folder, schema.File)
	if err := s.mayReplace(path, content, stdin, stdout); err != nil {
		return err
	}
	if err := replaceFile(path, content); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: written\n", terminal.Line(path))
	for name, empty := range map[string]string{generate.GlossaryFile: "", generate.GoldenFile: "[]\n"} {
		path := filepath.Join(folder, name)
		_, err := os.Lstat(path)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for %s: %w", path, err)
		}
		if err := replaceFile(path, []byte(empty)); err != nil {
			return err
		}
	}
	return nil
}

// mayReplace returns nil if there is no other file, or the operator lets it go.
func (s *schemaCommand) mayReplace(path string, content []byte, stdin io.Reader, stdout io.Writer) error {
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && (s.force || bytes.Equal(there, content)):
		return nil
	case err != nil:
		return fmt.Errorf("look at the file that is there: %w", err)
	}
	fmt.Fprintf(stdout, "%s is there already, and different. Replace it? [y/N] ", terminal.Line(path))
	line, err := bufio.NewReader(stdin).ReadString('\n')
	if err != nil {
		fmt.Fprintln(stdout)
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return fmt.Errorf("%s is left as it is; --force replaces it", path)
	}
	return nil
}

// replaceFile writes a file so that there is always the old or the new one.
func replaceFile(path string, content []byte) (err error) {
	partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(partial.Name())))
		}
	}()
	_, err = partial.Write(content)
	if err = errors.Join(err, partial.Chmod(0o644), partial.Sync(), partial.Close()); err != nil {
		return err
	}
	return os.Rename(partial.Name(), path)
}
