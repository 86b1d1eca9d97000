// Package initialize writes the files of a new deployment: connection.json, the
// settings in cdk.json, and golden.json or schema.json. It asks for what its
// options lack if the input is a terminal. It validates all before it writes
// anything.
package initialize

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
)

// The defaults of settings that init writes, and the file of the settings.
const (
	DefaultConnection   = "~/.defog/connection.json"
	defaultAppName      = "defog"
	defaultDependencies = "dependencies"
	settingsFile        = "cdk.json"
)

// Options are the answers that are known.
type Options struct {
	Settings map[string]string // by key
	DBType   string
	Creds    map[string]string // db_creds; a value @file is the content of a file
	APIKey   string            // or @file
	BaseURL  string
	Question string // with SQL, the first golden query
	SQL      string
	Force    bool // replaces existing files

	// ReadSchema returns the content of schema.json. Databases that are files are
	// in the folder.
	ReadSchema func(ctx context.Context, conn connection.Connection, folder string) ([]byte, error)
}

// run is one run in the folder of cdk.json.
type run struct {
	Options
	connectionFile string // absolute
	dependencies   string // folder; "" for none
	out            io.Writer
}

// Run asks the questions, and writes the files.
func Run(ctx context.Context, options Options, stdin io.Reader, out io.Writer) error {
	r := &run{Options: options, out: out}
	r.Settings = maps.Clone(options.Settings)
	if r.Settings == nil {
		r.Settings = map[string]string{}
	}
	r.Creds = maps.Clone(options.Creds)
	if r.Creds == nil {
		r.Creds = map[string]string{}
	}
	if err := r.findConnectionFile(); err != nil {
		return err
	}
	if err := r.checkTargets(); err != nil {
		return err
	}
	r.dependencies = value(r.Settings["function_source_dependencies_zip"], defaultDependencies)
	if p := newPrompter(stdin, out); p != nil {
		if err := r.ask(ctx, p); err != nil {
			return err
		}
	}
	r.fillSettings()
	conn, err := r.validate()
	if err != nil {
		return err
	}
	return r.write(ctx, conn)
}

// fillSettings adds the settings that others require.
func (r *run) fillSettings() {
	for key, value := range map[string]string{"app_name": defaultAppName, "generator": "defog"} {
		if r.Settings[key] == "" {
			r.Settings[key] = value
		}
	}
	if r.Settings["generator"] != "defog" || r.DBType == "sqlite" {
		if r.Settings["function_source_dependencies_zip"] == "" {
			r.Settings["function_source_dependencies_zip"] = defaultDependencies
		}
	}
	r.dependencies = r.Settings["function_source_dependencies_zip"]
}

func (r *run) findConnectionFile() error {
	path, err := config.Settings{ConnectionFile: value(r.Settings["connection_file"], DefaultConnection)}.ConnectionPath()
	r.connectionFile = path
	return err
}

// value returns text, or initial for "".
func value(text, initial string) string {
	if text == "" {
		return initial
	}
	return text
}

// checkTargets refuses to replace files and settings, before any question.
func (r *run) checkTargets() error {
	if r.Force {
		return nil
	}
	var problems []error
	if _, err := os.Lstat(r.connectionFile); err == nil {
		problems = append(problems, fmt.Errorf("%s: exists; want another file (-c connection_file=…), or --force to replace it", r.connectionFile))
	}
	if _, err := r.cdkJSON(); errors.Is(err, errSettings) {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// cdkJSON returns the new content of cdk.json.
func (r *run) cdkJSON() ([]byte, error) {
	old, err := os.ReadFile(settingsFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; want the folder of the checkout", settingsFile, errors.Unwrap(err))
	}
	text, err := insertSettings(old, r.Settings, r.Force)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settingsFile, err)
	}
	return text, nil
}

// validate returns the valid connection. The error joins every problem.
func (r *run) validate() (connection.Connection, error) {
	values := map[string]any{}
	for key, text := range r.Settings {
		values[key] = text
	}
	problems := config.CheckFile(settingsFile, values, value(r.Settings["stage"], "dev"))
	conn, err := r.connection()
	if err != nil {
		problems = append(problems, err)
	}
	if r.APIKey == "" && r.Settings["generator"] == "defog" {
		problems = append(problems, errors.New("api_key: missing; want the API key (--api-key), which generator defog requires"))
	}
	if conn.DBCreds.Text("auth") == connection.IAM && r.Settings["database_user_arn"] == "" {
		problems = append(problems, errors.New("database_user_arn: missing; want -c database_user_arn=…, which auth iam requires"))
	}
	problems = append(problems, r.checkDependencies(conn)...)
	return conn, errors.Join(problems...)
}

// content returns connection.json.
func (r *run) content() ([]byte, error) {
	creds := map[string]any{}
	for key, text := range r.Creds {
		text, err := readReference(text)
		if err != nil {
			return nil, fmt.Errorf("db_creds.%s: %w", key, err)
		}
		if key == "json_key_path" && text != "" && !strings.HasPrefix(text, "~/") {
			// The connection file, whose folder it would be relative to, is elsewhere.
			if text, err = filepath.Abs(text); err != nil {
				return nil, fmt.Errorf("db_creds.%s: %w", key, err)
			}
		}
		creds[key] = text
		if key == "port" && json.Valid([]byte(text)) {
			creds[key] = json.RawMessage(text)
		}
	}
	values := map[string]any{"db_creds": creds}
	key, err := readReference(r.APIKey)
	if err != nil {
		return nil, fmt.Errorf("api_key: %w", err)
	}
	for name, text := range map[string]string{"$schema": r.editorSchema(), "api_key": key, "db_type": r.DBType, "base_url": r.BaseURL} {
		if text != "" {
			values[name] = text
		}
	}
	text, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the connection: %w", err)
	}
	return append(text, '\n'), nil
}

// editorSchema returns the path of the connection file's JSON Schema, relative to the
// connection file, for editors. It is "" outside of a checkout.
func (r *run) editorSchema() string {
	schema, err := filepath.Abs(filepath.Join("schemas", "connection.schema.json"))
	if err != nil || !exists(schema) {
		return ""
	}
	folder, err := filepath.Abs(filepath.Dir(r.connectionFile))
	if err != nil {
		return ""
	}
	path, err := filepath.Rel(folder, schema)
	if err != nil {
		return "" // another drive
	}
	return filepath.ToSlash(path)
}

// readReference returns a text, or the content of the file in @file. @@ begins a
// text with @.
func readReference(text string) (string, error) {
	path, ok := strings.CutPrefix(text, "@")
	if !ok || strings.HasPrefix(path, "@") {
		return path, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w; want an existing file after @", err)
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// connection reads the connection as a deployment will, from a private folder.
func (r *run) connection() (conn connection.Connection, err error) {
	text, err := r.content()
	if err != nil {
		return conn, err
	}
	folder, err := os.MkdirTemp("", "defog-init-")
	if err != nil {
		return conn, fmt.Errorf("check the connection: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "connection.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return conn, fmt.Errorf("check the connection: %w", err)
	}
	conn, err = connection.Read(path)
	if err != nil {
		return conn, errors.New(strings.ReplaceAll(err.Error(), path+": ", ""))
	}
	return conn, nil
}

// checkSQLite checks that the dependencies' folder has a SQLite file.
func checkSQLite(folder, name string) error {
	if err := connection.CheckSQLitePath(name); err != nil {
		return err
	}
	path := filepath.Join(folder, name)
	if filepath.IsAbs(name) {
		path = name
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("no file %s; want a SQLite file in the folder %s", path, folder)
	}
	return nil
}

// checkDependencies checks the files that the function reads.
func (r *run) checkDependencies(conn connection.Connection) []error {
	if r.dependencies == "" {
		return nil
	}
	var problems []error
	info, err := os.Stat(r.dependencies)
	if err == nil && !info.IsDir() {
		return []error{fmt.Errorf("function_source_dependencies_zip: %s is not a folder; want a folder, where init writes", r.dependencies)}
	}
	if name := conn.DBCreds.Text("database"); r.DBType == "sqlite" && name != "" {
		if err := checkSQLite(r.dependencies, name); err != nil {
			problems = append(problems, fmt.Errorf("db_creds.database: %w", err))
		}
	}
	if r.Settings["generator"] == "golden" {
		if err := r.checkGolden(); err != nil {
			problems = append(problems, err)
		}
	}
	return append(problems, r.checkFiles(r.Settings["generator"])...)
}

// checkFiles checks the files of a SQL generator that exist and that init keeps.
func (r *run) checkFiles(generator string) (problems []error) {
	for _, name := range knowledge.Names(generator) {
		path := filepath.Join(r.dependencies, name)
		replaced := r.Force && (name == schema.File || generator == "golden" && r.Question != "")
		if replaced || !exists(path) {
			continue
		}
		if err := knowledge.Check(generator, name, knowledge.Folder(r.dependencies)); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", path, err))
		}
	}
	return problems
}

// hasGolden reports whether the folder has a golden.json.
func (r *run) hasGolden() bool {
	_, err := os.Stat(filepath.Join(r.dependencies, knowledge.GoldenFile))
	return err == nil
}

// checkGolden requires the existing golden.json, or the pair for a new one.
func (r *run) checkGolden() (err error) {
	if r.Question == "" && r.SQL == "" && r.hasGolden() {
		return nil
	}
	if r.Question == "" || r.SQL == "" {
		return errors.New("question, sql: missing; want the first golden query (--question, --sql), or golden.json in the dependencies")
	}
	if r.hasGolden() && !r.Force {
		return fmt.Errorf("%s: exists; want no --question, or --force to replace it", filepath.Join(r.dependencies, knowledge.GoldenFile))
	}
	return checkPair(r.Question, r.SQL)
}

// checkPair checks the pair as an only pair of golden.json.
func checkPair(question, sql string) error {
	text, err := encodePair(question, sql)
	if err != nil {
		return err
	}
	return knowledge.Check("golden", knowledge.GoldenFile, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text)), nil
	})
}

func encodePair(question, sql string) ([]byte, error) {
	text, err := json.MarshalIndent([]knowledge.Pair{{Question: question, SQL: sql}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", knowledge.GoldenFile, err)
	}
	return append(text, '\n'), nil
}

// golden returns the content of golden.json, nil to keep the file.
func (r *run) golden() ([]byte, error) {
	if r.Settings["generator"] != "golden" || r.Question == "" {
		return nil, nil
	}
	return encodePair(r.Question, r.SQL)
}

// readsSchema reports whether the SQL generator reads schema.json.
func (r *run) readsSchema() bool {
	return slices.Contains([]string{"bedrock", "openai"}, r.Settings["generator"])
}

// write writes the files, and prints what comes next.
func (r *run) write(ctx context.Context, conn connection.Connection) (err error) {
	var missing error // of schema.json
	files := []file{}
	connectionJSON, err := r.content()
	if err != nil {
		return err
	}
	settings, err := r.cdkJSON()
	if err != nil {
		return err
	}
	pairs, err := r.golden()
	if err != nil {
		return err
	}
	if pairs != nil {
		files = append(files, file{filepath.Join(r.dependencies, knowledge.GoldenFile), pairs, 0o644})
	}
	if path := filepath.Join(r.dependencies, schema.File); r.readsSchema() && (r.Force || !exists(path)) {
		var text []byte
		if text, missing = r.ReadSchema(ctx, conn, r.dependencies); missing == nil {
			files = append(files, file{path, text, 0o644})
		}
	}
	files = append(files, file{r.connectionFile, connectionJSON, 0o600}, file{settingsFile, settings, 0o644})

	remove, err := makeFolders(r.dependencies, filepath.Dir(r.connectionFile))
	if err != nil {
		return err
	}
	if err := writeAll(files, r.load); err != nil {
		return errors.Join(err, remove())
	}
	r.report(files, missing)
	return nil
}

// load loads the settings as the app does.
func (r *run) load() error {
	values, err := config.ContextFile(nil)
	if err != nil {
		return err
	}
	_, err = config.Load(values)
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// makeFolders makes missing folders, and returns how to remove them.
func makeFolders(paths ...string) (remove func() error, err error) {
	var made []string
	remove = func() error {
		var problems []error
		for _, path := range slices.Backward(made) {
			problems = append(problems, os.Remove(path))
		}
		return errors.Join(problems...)
	}
	for _, path := range paths {
		if path == "" || exists(path) {
			continue
		}
		if err := os.MkdirAll(path, 0o700); err != nil {
			return remove, errors.Join(fmt.Errorf("make the folder: %w", err), remove())
		}
		made = append(made, path)
	}
	return remove, nil
}

// serveCommand returns the command that serves the function on this machine. It reads
// no settings of cdk.json, so the command has those that differ from its defaults.
func (r *run) serveCommand() string {
	command := "make serve"
	for _, variable := range []struct{ name, value string }{
		{environ.GeneratorModel, connection.ModelOf(r.Settings["generator"], r.Settings["generator_model"])},
		{environ.GeneratorRegion, r.Settings["generator_region"]},
		{environ.GeneratorBaseURL, r.Settings["generator_base_url"]},
	} {
		if variable.value != "" {
			command = variable.name + "=" + terminal.ShellWord(variable.value) + " " + command
		}
	}
	if generator := r.Settings["generator"]; generator != "defog" {
		command = environ.Generator + "=" + terminal.ShellWord(generator) + " " + command
	}
	initial, err := config.Settings{ConnectionFile: DefaultConnection}.ConnectionPath()
	if err != nil || initial != r.connectionFile {
		command += " CONNECTION=" + terminal.ShellWord(r.connectionFile)
	}
	if r.dependencies != "" {
		command += " DEPENDENCIES=" + terminal.ShellWord(r.dependencies)
	}
	return command
}

// report prints the written files and the next commands.
func (r *run) report(files []file, missingSchema error) {
	fmt.Fprintln(r.out, "\nWritten:")
	for _, f := range files {
		note := ""
		switch f.path {
		case r.connectionFile:
			note = "  the database and its credentials; only you can read it"
		case settingsFile:
			note = "  " + strings.Join(slices.Sorted(maps.Keys(r.Settings)), ", ")
		}
		fmt.Fprintf(r.out, "  %s%s\n", terminal.Line(f.path), note)
	}
	fmt.Fprintln(r.out, "\nNext:")
	next := func(command, purpose string) { fmt.Fprintf(r.out, "  %-42s # %s\n", command, purpose) }
	next("go run ./cmd/defog doctor", "checks the database and the SQL generator")
	if missingSchema != nil {
		next("go run ./cmd/defog schema", "writes schema.json, which the SQL generator reads")
	}
	next(r.serveCommand(), "answers on this machine, without AWS")
	next("npx cdk bootstrap", "once for each account and region")
	next("npx cdk deploy", "deploys "+r.Settings["app_name"])
	question := value(r.Question, "How many customers are there?")
	next(fmt.Sprintf("go run ./cmd/defog ask %q", question), "asks the deployed function")
	if missingSchema != nil {
		fmt.Fprintf(r.out, "\n%s is missing: %s\n", schema.File, terminal.Line(missingSchema.Error()))
	}
}
