package initialize_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/initialize"
	"defog-cdk/config/connection"
)

const cdkJSON = `{
  "app": "go run .",
  "context": {
    "@aws-cdk/core:x": true
  }
}
`

// newCheckout changes to a folder with cdk.json, an empty home directory, and a
// SQLite file in dependencies.
func newCheckout(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	write(t, "cdk.json", cdkJSON)
	write(t, "dependencies/shop.db", "SQLite format 3\x00")
	return home
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// settings returns context.defog of cdk.json.
func settings(t *testing.T) map[string]string {
	t.Helper()
	var file struct {
		Context struct{ Defog map[string]string }
	}
	if err := json.Unmarshal([]byte(read(t, "cdk.json")), &file); err != nil {
		t.Fatal(err)
	}
	return file.Context.Defog
}

// files returns the names of all files below the current folder and the home.
func files(t *testing.T, home string) []string {
	t.Helper()
	var names []string
	for _, root := range []string{".", home} {
		err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				names = append(names, strings.Replace(name, home, "~", 1))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// turn is a prompt and the answer to it.
type turn struct{ prompt, answer string }

// converse runs init at a pseudo-terminal. It types each answer once its prompt is on
// the screen, and returns the screen.
func converse(t *testing.T, options initialize.Options, turns ...turn) (screen string, err error) {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer tty.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- initialize.Run(ctx, options, tty, tty) }()
	printed := make(chan string)
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buffer)
			if err != nil {
				return // the terminal is closed
			}
			printed <- string(buffer[:n])
		}
	}()
	unread := ""
	for _, next := range turns {
		for !strings.Contains(unread, next.prompt) {
			select {
			case part := <-printed:
				screen, unread = screen+part, unread+part
			case err := <-done:
				t.Fatalf("no prompt %q: init ended: %v; the screen:\n%s", next.prompt, err, screen)
			case <-time.After(20 * time.Second):
				t.Fatalf("no prompt %q; the screen:\n%s", next.prompt, screen)
			}
		}
		_, unread, _ = strings.Cut(unread, next.prompt)
		if next.answer == "^C" {
			cancel()
			continue
		}
		time.Sleep(50 * time.Millisecond) // until the echo is off
		if _, err := io.WriteString(keyboard, next.answer+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	for {
		select {
		case part := <-printed:
			screen += part
		case err := <-done:
			for { // what init printed last
				select {
				case part := <-printed:
					screen += part
				case <-time.After(100 * time.Millisecond):
					return screen, err
				}
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("init has not ended; the screen:\n%s", screen)
		}
	}
}

func TestInitAsksForTheKeysOfEachDatabase(t *testing.T) {
	first := []turn{{"Name of the application", "my app"}, {"Name of the application", "shop"}, {"SQL generator", "defog"}, {"API key", ""}, {"API key", "your Defog API key"}, {"API key", "@missing"}, {"API key", "k-secret"}}
	key := "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
	for dbType, test := range map[string]struct {
		turns []turn
		want  connection.Creds
	}{
		"postgres": {
			[]turn{{"host", "https://db"}, {"host", "db"}, {"port [5432]", ""}, {"database", "d"}, {"user", "u"}, {"password", "p-secret"}, {"More keys", "sslmode=off"}, {"More keys", "sslmode=require"}, {"More keys", ""}},
			connection.Creds{"host": "db", "port": json.Number("5432"), "database": "d", "user": "u", "password": "p-secret", "sslmode": "require"},
		},
		"redshift": {
			[]turn{{"host", "db"}, {"port [5439]", "0"}, {"port [5439]", ""}, {"database", "d"}, {"user", "u"}, {"password", "p-secret"}, {"More keys", "schema=s"}, {"More keys", ""}},
			connection.Creds{"host": "db", "port": json.Number("5439"), "database": "d", "user": "u", "password": "p-secret", "schema": "s"},
		},
		"mysql": {
			[]turn{{"host", "db"}, {"database", "d"}, {"user", "u"}, {"password", "@missing"}, {"password", "…"}, {"password", ""}, {"database_user_arn", "arn:aws:rds:eu-central-1:111111111111:db:x"}, {"database_user_arn", "arn:aws:rds-db:eu-central-1:111111111111:dbuser:db-ABCDEFGH/u"}, {"More keys", "port=3307"}, {"More keys", ""}},
			connection.Creds{"host": "db", "port": json.Number("3307"), "database": "d", "user": "u", "auth": "iam"},
		},
		"sqlserver": {
			[]turn{{"server", "db,1433"}, {"user", "u"}, {"password", "p-secret"}, {"More keys", "database=d"}, {"More keys", ""}},
			connection.Creds{"server": "db,1433", "user": "u", "password": "p-secret", "database": "d"},
		},
		"snowflake": {
			[]turn{{"Log in by password or private_key", "private_key"}, {"account", "org-a"}, {"warehouse", "w"}, {"user", "u"}, {"private_key", "@key.p8"}, {"More keys", ""}},
			connection.Creds{"account": "org-a", "warehouse": "w", "user": "u", "private_key": key},
		},
		"bigquery": {
			[]turn{{"Log in by json_key_path", "project_id, client_email, private_key"}, {"project_id", "pr"}, {"client_email", "a@b"}, {"private_key", "@key.p8"}, {"More keys", "dataset=d"}, {"More keys", ""}},
			connection.Creds{"project_id": "pr", "client_email": "a@b", "private_key": key, "dataset": "d"},
		},
		"databricks": {
			[]turn{{"server_hostname", "x.cloud.databricks.com"}, {"access_token", "p-secret"}, {"http_path", "/sql/1"}, {"More keys", ""}},
			connection.Creds{"server_hostname": "x.cloud.databricks.com", "access_token": "p-secret", "http_path": "/sql/1"},
		},
		"sqlite": {
			[]turn{{"SQLite file", "missing.db"}, {"SQLite file", absoluteFile(t)}, {"SQLite file", "shop.db"}},
			connection.Creds{"database": "shop.db"},
		},
	} {
		t.Run(dbType, func(t *testing.T) {
			home := newCheckout(t)
			write(t, "key.p8", key+"\n")
			turns := append(first[:len(first):len(first)], turn{"db_type", "oracle"}, turn{"db_type", dbType})
			screen, err := converse(t, initialize.Options{}, append(turns, test.turns...)...)
			if err != nil {
				t.Fatalf("%v; the screen:\n%s", err, screen)
			}
			path := filepath.Join(home, ".defog", "connection.json")
			conn, err := connection.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(connection.Connection{APIKey: "k-secret", DBType: dbType, DBCreds: test.want}, conn); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(screen, "secret") || strings.Contains(screen, "PRIVATE KEY") {
				t.Errorf("a secret is on the screen:\n%s", screen)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
				t.Errorf("got mode %v, %v", info, err)
			}
			if got := settings(t)["app_name"]; got != "shop" {
				t.Errorf("got app_name %q", got)
			}
			for _, command := range []string{"defog doctor", "npx cdk bootstrap", "npx cdk deploy", "defog ask"} {
				if !strings.Contains(screen, command) {
					t.Errorf("the screen lacks %s:\n%s", command, screen)
				}
			}
		})
	}
	if len(connection.DBTypes()) != 8 {
		t.Error("a database has no case")
	}
}

// absoluteFile returns the path of a file that exists on this machine only.
func absoluteFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.db")
	write(t, path, "SQLite format 3\x00")
	return path
}

func TestOptionsRejectAbsoluteSQLiteFile(t *testing.T) {
	newCheckout(t)
	options := complete()
	options.Creds = map[string]string{"database": absoluteFile(t)}
	err := initialize.Run(t.Context(), options, strings.NewReader(""), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "db_creds.database: "+options.Creds["database"]+" is not in the function; want the name of a file in the dependencies folder") {
		t.Errorf("got %v", err)
	}
}

// TestAnswersAreCheckedAtTheirQuestion repeats each question until its answer is one
// that synth accepts.
func TestAnswersAreCheckedAtTheirQuestion(t *testing.T) {
	sqlite := []turn{{"db_type", "sqlite"}, {"SQLite file", "shop.db"}}
	const pairs = `[{"question": "How many?"}]`
	for name, test := range map[string]struct {
		files map[string]string
		turns []turn
		want  []string // on the screen
	}{
		"golden": {
			nil,
			append([]turn{{"SQL generator", "golden"}}, append(sqlite, turn{"Question", ""}, turn{"Question", "How many?"}, turn{"Its SQL", ""}, turn{"Its SQL", ";"}, turn{"Its SQL", "SELECT 1"})...),
			[]string{"pair 1: sql: missing; want the SQL"},
		},
		"invalid golden.json": {
			map[string]string{"dependencies/golden.json": pairs},
			append([]turn{{"SQL generator", "golden"}, {"SQL generator", "defog"}, {"API key", "k"}}, sqlite...),
			[]string{"dependencies/golden.json: pair 1: sql: missing; want the SQL"},
		},
		"invalid schema.json": {
			map[string]string{"dependencies/schema.json": "{}", "dependencies/golden.json": pairs},
			append([]turn{{"SQL generator", "bedrock"}, {"SQL generator", "defog"}, {"API key", "k"}}, sqlite...),
			[]string{"dependencies/schema.json: tables: empty; want", "dependencies/golden.json: pair 1: sql: missing"},
		},
		"key file": {
			map[string]string{"user.json": `{"type": "authorized_user"}`, "key.json": `{"type": "service_account", "project_id": "p", "client_email": "a@b", "private_key": "k"}`},
			[]turn{
				{"SQL generator", "openai"}, {"API key", "…"}, {"API key", ""}, {"generator_model", ""}, {"generator_model", "m"}, {"db_type", "bigquery"},
				{"Log in by", ""}, {"json_key_path", "missing.json"}, {"json_key_path", "user.json"}, {"json_key_path", "key.json"}, {"More keys", ""},
			},
			[]string{"a placeholder; want your API key", "missing.json: not found", `type: "authorized_user" is not supported`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newCheckout(t)
			for path, content := range test.files {
				write(t, path, content)
			}
			schemas := func(context.Context, connection.Connection, string) ([]byte, error) {
				return []byte(`{"tables": [{"name": "a", "columns": [{"name": "b"}]}]}`), nil
			}
			screen, err := converse(t, initialize.Options{ReadSchema: schemas}, append([]turn{{"Name of the application", ""}}, test.turns...)...)
			if err != nil {
				t.Fatalf("%v; the screen:\n%s", err, screen)
			}
			for _, want := range test.want {
				if !strings.Contains(screen, want) {
					t.Errorf("the screen lacks %q:\n%s", want, screen)
				}
			}
		})
	}
}

func TestInterruptWritesNothing(t *testing.T) {
	home := newCheckout(t)
	screen, err := converse(t, initialize.Options{}, turn{"Name of the application", ""}, turn{"SQL generator", "defog"}, turn{"API key", "^C"})
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v; the screen:\n%s", err, screen)
	}
	if diff := cmp.Diff([]string{"cdk.json", "dependencies/shop.db"}, files(t, home)); diff != "" || read(t, "cdk.json") != cdkJSON {
		t.Errorf("files: -want +got:\n%s", diff)
	}
}

// complete returns options that need no question.
func complete() initialize.Options {
	return initialize.Options{
		Settings: map[string]string{"app_name": "shop", "generator": "golden"}, DBType: "sqlite", Creds: map[string]string{"database": "shop.db"},
		Question: "How many?", SQL: "SELECT count(*) FROM t WHERE a <> '&'",
	}
}

func TestOptionsReplaceQuestions(t *testing.T) {
	home := newCheckout(t)
	var out strings.Builder
	if err := initialize.Run(t.Context(), complete(), strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	want := []string{"cdk.json", "dependencies/golden.json", "dependencies/shop.db", "~/.defog/connection.json"}
	if diff := cmp.Diff(want, files(t, home)); diff != "" {
		t.Errorf("files: -want +got:\n%s", diff)
	}
	wantJSON := strings.Replace(cdkJSON, `"context": {`, `"context": {
    "defog": {
      "app_name": "shop",
      "function_source_dependencies_zip": "dependencies",
      "generator": "golden"
    },`, 1)
	if diff := cmp.Diff(wantJSON, read(t, "cdk.json")); diff != "" {
		t.Errorf("cdk.json: -want +got:\n%s", diff)
	}
	if !strings.Contains(out.String(), `ask "How many?"`) || !strings.Contains(out.String(), "\n  DEFOG_GENERATOR=golden make serve DEPENDENCIES=dependencies # ") {
		t.Errorf("got:\n%s", &out)
	}
}

// Editors find the JSON Schema of a new connection file in the checkout.
func TestConnectionFileNamesItsSchema(t *testing.T) {
	home := newCheckout(t)
	write(t, "schemas/connection.schema.json", "{}")
	if err := initialize.Run(t.Context(), complete(), strings.NewReader(""), io.Discard); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema string `json:"$schema"`
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(home, ".defog", "connection.json"))), &got); err != nil {
		t.Fatal(err)
	}
	found, err := os.Stat(filepath.Join(home, ".defog", filepath.FromSlash(got.Schema)))
	if err != nil || filepath.IsAbs(got.Schema) {
		t.Fatalf("%q: %v", got.Schema, err)
	}
	if want, err := os.Stat("schemas/connection.schema.json"); err != nil || !os.SameFile(found, want) {
		t.Errorf("%q is another file: %v", got.Schema, err)
	}
}

func TestServeCommandNamesTheConnectionFile(t *testing.T) {
	newCheckout(t)
	options := complete()
	options.Settings["connection_file"] = "my files/connection.json"
	var out strings.Builder
	if err := initialize.Run(t.Context(), options, strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(options.Settings["connection_file"])
	if err != nil {
		t.Fatal(err)
	}
	if want := "\n  DEFOG_GENERATOR=golden make serve CONNECTION='" + path + "' DEPENDENCIES=dependencies # "; !strings.Contains(out.String(), want) {
		t.Errorf("got:\n%s\nwant %s", &out, want)
	}
}

func TestExistingFilesNeedForce(t *testing.T) {
	home := newCheckout(t)
	if err := initialize.Run(t.Context(), complete(), strings.NewReader(""), io.Discard); err != nil {
		t.Fatal(err)
	}
	before := read(t, "cdk.json")
	again := complete()
	again.Settings["app_name"] = "other"
	again.Question = "How much?"
	err := initialize.Run(t.Context(), again, strings.NewReader(""), io.Discard)
	for _, part := range []string{"connection.json: exists", "context.defog: holds settings", "--force"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
	if read(t, "cdk.json") != before {
		t.Error("cdk.json changed")
	}
	again.Force = true
	if err := initialize.Run(t.Context(), again, strings.NewReader(""), io.Discard); err != nil {
		t.Fatal(err)
	}
	if got := settings(t)["app_name"]; got != "other" || !strings.Contains(read(t, "dependencies/golden.json"), "How much?") {
		t.Errorf("got app_name %q and %s", got, read(t, "dependencies/golden.json"))
	}
	if got := len(files(t, home)); got != 4 {
		t.Errorf("got %d files: %v", got, files(t, home))
	}
}

func TestInvalidOptionsWriteNothing(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*initialize.Options)
		want   string
	}{
		"no database":     {func(o *initialize.Options) { o.DBType = "" }, "db_type: missing"},
		"no SQLite file":  {func(o *initialize.Options) { o.Creds["database"] = "none.db" }, "db_creds.database: no file"},
		"unknown key":     {func(o *initialize.Options) { o.Creds["hots"] = "x" }, "db_creds.hots: unknown key"},
		"no file after @": {func(o *initialize.Options) { o.APIKey = "@none" }, "api_key: open none"},
		"no API key":      {func(o *initialize.Options) { o.Settings["generator"] = "defog" }, "api_key: missing"},
		"no model":        {func(o *initialize.Options) { o.Settings["generator"] = "openai" }, "generator_model (default): missing"},
		"no SQL":          {func(o *initialize.Options) { o.SQL = "" }, "sql: missing"},
		"setting":         {func(o *initialize.Options) { o.Settings["max_rows"] = "many" }, "max_rows"},
		// Only the settings together are invalid, which the app finds.
		"file of another setting": {func(o *initialize.Options) { o.Settings["iam_policy_file"] = "none.json" }, "iam_policy_file"},
	} {
		t.Run(name, func(t *testing.T) {
			home := newCheckout(t)
			options := complete()
			test.change(&options)
			var out strings.Builder
			err := initialize.Run(t.Context(), options, strings.NewReader(""), &out)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v; want %s", err, test.want)
			}
			if diff := cmp.Diff([]string{"cdk.json", "dependencies/shop.db"}, files(t, home)); diff != "" || read(t, "cdk.json") != cdkJSON {
				t.Errorf("files: -want +got:\n%s", diff)
			}
			if _, err := os.Stat(filepath.Join(home, ".defog")); err == nil {
				t.Error("the folder of the connection file remains")
			}
		})
	}
}

func TestModelsGetTheSchema(t *testing.T) {
	for name, failure := range map[string]error{"readable": nil, "unreachable": errors.New("no route")} {
		t.Run(name, func(t *testing.T) {
			home := newCheckout(t)
			options := complete()
			options.Question, options.SQL = "", ""
			options.Settings["generator"], options.Settings["generator_model"] = "openai", "m"
			options.ReadSchema = func(_ context.Context, conn connection.Connection, folder string) ([]byte, error) {
				if conn.DBType != "sqlite" || folder != "dependencies" {
					t.Errorf("got %s in %s", conn.DBType, folder)
				}
				return []byte("{}"), failure
			}
			var out strings.Builder
			if err := initialize.Run(t.Context(), options, strings.NewReader(""), &out); err != nil {
				t.Fatal(err)
			}
			_, err := os.Stat("dependencies/schema.json")
			if written := err == nil; written != (failure == nil) {
				t.Errorf("files: %v", files(t, home))
			}
			if named := strings.Contains(out.String(), "defog schema") && strings.Contains(out.String(), "no route"); named != (failure != nil) {
				t.Errorf("got:\n%s", &out)
			}
		})
	}
}
