// Package connection reads and validates connection.json: the database, its
// credentials and the API key of the SQL generator. It also converts them to and
// from DEFOG_CREDS_64.
package connection

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"defog-cdk/internal/jsonfile"
)

// Connection is the content of connection.json, and of DEFOG_CREDS_64.
type Connection struct {
	APIKey           string `json:"api_key"`
	DBType           string `json:"db_type"`
	DBCreds          Creds  `json:"db_creds"`
	BaseURL          string `json:"base_url,omitempty"`
	GenerateQueryURL string `json:"generate_query_url,omitempty"`

	// Warnings names files that other users of this machine can read. Read sets
	// it.
	Warnings []string `json:"-"`
}

// Creds holds db_creds: texts, numbers and booleans by key. If it is empty, the
// function returns SQL and does not run it.
type Creds map[string]any

// Text returns the value of key as text, "" for none. A number keeps its digits,
// so that a port may be a number or a text.
func (c Creds) Text(key string) string {
	if c[key] == nil {
		return ""
	}
	return fmt.Sprint(c[key])
}

// Read reads and validates a connection file. The error joins every problem (see
// [errors.Join]), each with the file and the key, and shows no secret. Read also
// reads a key file that db_creds name, and puts its content in db_creds.
func Read(path string) (Connection, error) {
	conn, err := readFile(path)
	if err != nil {
		return conn, err
	}
	conn.warnIfReadable(path)
	if err := conn.readKey(filepath.Dir(path)); err != nil {
		return Connection{}, fmt.Errorf("%s: %w", path, err)
	}
	return conn, nil
}

// warnIfReadable adds a warning if other users can read or change the file. The modes
// that Go gives files on Windows mean nothing.
func (c *Connection) warnIfReadable(path string) {
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s: other users of this machine have access (mode %04o); want chmod 600 %[1]s", path, info.Mode().Perm()))
	}
}

// missingFileError is the error of a connection file that does not exist.
type missingFileError string

func (e missingFileError) Error() string { return string(e) }

// Is reports that the error is [fs.ErrNotExist].
func (e missingFileError) Is(target error) bool { return target == fs.ErrNotExist }

func readFile(path string) (Connection, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Connection{}, missingFileError(path + ": not found; want a connection file as in docs/databases.md, or the path of another")
	}
	if err != nil {
		return Connection{}, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	conn, problems := parse(data)
	for i, problem := range problems {
		problems[i] = fmt.Errorf("%s: %w", path, problem)
	}
	return conn, errors.Join(problems...)
}

// Parse validates a connection in JSON, as in connection.json and in the secret of
// credentials_secret.
func Parse(data []byte) (Connection, error) {
	conn, problems := parse(data)
	return conn, errors.Join(problems...)
}

// Encode returns the value of DEFOG_CREDS_64: JSON in base64 (standard alphabet,
// padded). Equal connections have equal values.
func (c Connection) Encode() (string, error) {
	if c.DBCreds == nil {
		c.DBCreds = Creds{}
	}
	data, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode connection: %w", err)
	}
	return base64.StdEncoding.EncodeToString(data), nil
}

// Decode parses a value of [Connection.Encode].
func Decode(text string) (Connection, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return Connection{}, errors.New("credentials are not base64; want the standard alphabet with padding")
	}
	return Parse(data)
}

// editorSchema is the key by which editors find the JSON Schema of a file.
const editorSchema = "$schema"

// parse decodes key by key, so that an error in one key does not hide others.
func parse(data []byte) (Connection, []error) {
	var fields map[string]any
	if err := jsonfile.Decode(data, &fields); err != nil {
		return Connection{}, []error{err}
	}
	if fields == nil {
		return Connection{}, []error{errors.New("null; want an object with api_key, db_type and db_creds")}
	}

	c := checker{fields: fields}
	conn := Connection{
		APIKey:           c.text("api_key"),
		DBType:           c.dbType(),
		BaseURL:          c.url("base_url"),
		GenerateQueryURL: c.url("generate_query_url"),
	}
	if isPlaceholder(conn.APIKey) {
		c.failf("api_key", "a placeholder; want your API key, or no api_key if the SQL generator needs none")
	}
	conn.DBCreds = c.creds(conn.DBType)
	c.text(editorSchema) // has no effect
	delete(fields, editorSchema)
	c.unknown("", fields, "api_key", "db_type", "db_creds", "base_url", "generate_query_url")
	return conn, c.problems
}

// publicKeys are the keys of db_creds that hold no secret: addresses, names and
// options. Every other key counts as secret.
var publicKeys = []string{
	"host", "port", "database", "user", "schema", "sslmode", "sslrootcert",
	"account", "warehouse", "server", "server_hostname", "http_path", "auth",
	"type", "project_id", "client_email", "client_id", "private_key_id", "auth_uri", "token_uri", "auth_provider_x509_cert_url",
	"client_x509_cert_url", "universe_domain", "dataset", "location", "max_bytes_billed", "endpoint",
}

// Secrets returns the secret values of the connection by key: "api_key",
// "db_creds.password", ….
func (c Connection) Secrets() map[string]string {
	secrets := map[string]string{}
	if c.APIKey != "" {
		secrets["api_key"] = c.APIKey
	}
	for _, key := range slices.Sorted(maps.Keys(c.DBCreds)) {
		if text := c.DBCreds.Text(key); text != "" && !slices.Contains(publicKeys, key) {
			secrets["db_creds."+key] = text
		}
	}
	return secrets
}
