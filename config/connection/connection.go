// Package connection reads, checks and passes on what connection.json says:
// which database to ask, with which credentials, and which generator's API key.
package connection

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Connection is the content of connection.json, and of DEFOG_CREDS_64.
type Connection struct {
	APIKey           string `json:"api_key"`
	DBType           string `json:"db_type"`
	DBCreds          Creds  `json:"db_creds"`
	BaseURL          string `json:"base_url,omitempty"`
	GenerateQueryURL string `json:"generate_query_url,omitempty"`
}

// Creds holds db_creds: text, numbers and booleans by key, as the file had
// them. Empty, the SQL is generated and not run.
type Creds map[string]any

// Text returns the value of key as text, "" when there is none. Numbers are
// written as the file wrote them, so a port may be either.
func (c Creds) Text(key string) string {
	if c[key] == nil {
		return ""
	}
	return fmt.Sprint(c[key])
}

// Read reads and checks a connection file. The error holds every problem at
// once (see [errors.Join]), each naming the file and the key; none shows a
// value that could be secret. What db_creds name as a file is read too, and
// put in its place.
func Read(path string) (Connection, error) {
	conn, err := readFile(path)
	if err != nil {
		return conn, err
	}
	if err := conn.readKey(filepath.Dir(path)); err != nil {
		return Connection{}, fmt.Errorf("connection file %s: %w", path, err)
	}
	return conn, nil
}

func readFile(path string) (Connection, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Connection{}, fmt.Errorf("connection file %s: not found; create it (README shows its form) or name another one with -c connection_file=PATH", path)
	}
	if err != nil {
		return Connection{}, fmt.Errorf("connection file %s: %w", path, errors.Unwrap(err))
	}
	conn, problems := parse(data)
	for i, problem := range problems {
		problems[i] = fmt.Errorf("connection file %s: %w", path, problem)
	}
	return conn, errors.Join(problems...)
}

// Parse checks a connection in JSON, as connection.json and the secret named
// by credentials_secret have it.
func Parse(data []byte) (Connection, error) {
	conn, problems := parse(data)
	return conn, errors.Join(problems...)
}

// Encode returns the connection as DEFOG_CREDS_64 carries it: JSON in base64
// (standard alphabet, padded). Equal connections give equal text.
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

// Decode reads what Encode wrote.
func Decode(text string) (Connection, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		// The decoder's own message would quote nothing secret, but says less.
		return Connection{}, errors.New("credentials are not base64 (standard alphabet, padded)")
	}
	return Parse(data)
}

// parse decodes the file key by key, so that one wrong key does not hide the
// next one.
func parse(data []byte) (Connection, []error) {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // a number keeps its digits
	if err := decoder.Decode(&fields); err != nil {
		return Connection{}, []error{syntaxError(data, err)}
	}
	if decoder.More() {
		return Connection{}, []error{fmt.Errorf("%s: more text after the JSON object", position(data, decoder.InputOffset()))}
	}
	if fields == nil {
		return Connection{}, []error{errors.New("is null; valid: a JSON object with api_key, db_type and db_creds")}
	}

	c := checker{fields: fields}
	conn := Connection{
		APIKey:           c.text("api_key"),
		DBType:           c.dbType(),
		BaseURL:          c.url("base_url"),
		GenerateQueryURL: c.url("generate_query_url"),
	}
	conn.DBCreds = c.creds(conn.DBType)
	c.unknown("", fields, "api_key", "db_type", "db_creds", "base_url", "generate_query_url")
	return conn, c.problems
}

// syntaxError says where the JSON is broken, without quoting it.
func syntaxError(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("is empty; valid: a JSON object with api_key, db_type and db_creds")
	case errors.As(err, &kind):
		return fmt.Errorf("is a JSON %s; valid: an object with api_key, db_type and db_creds", kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: bad JSON: %s", position(data, syntax.Offset-1), describe(syntax))
	default: // the text ends too early
		return fmt.Errorf("%s: bad JSON: the text ends before the object does", position(data, int64(len(data))))
	}
}

// describe keeps of a syntax error what cannot be part of a secret: the
// decoder quotes one character of the text.
func describe(err *json.SyntaxError) string {
	text := err.Error()
	if i := strings.Index(text, "looking for"); i >= 0 {
		return "unexpected character " + text[i:]
	}
	if i := strings.Index(text, "in string"); i >= 0 {
		return "unexpected character " + text[i:]
	}
	if i := strings.Index(text, " after "); i >= 0 {
		return "unexpected character" + text[i:]
	}
	return "unexpected character or end"
}

// position names a byte offset as an editor does: lines and columns from 1.
func position(data []byte, offset int64) string {
	before := data[:max(0, min(offset, int64(len(data))))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
	return fmt.Sprintf("line %d, column %d", line, column)
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("is not a URL; valid: https://host or http://host, with a path if need be")
	}
	if u.User != nil {
		return errors.New("holds a user name or password; valid: a URL without them, api_key is what the generator gets")
	}
	return nil
}

// safeURL reports whether a credential may be sent to a URL: nobody can listen
// in on the way.
func safeURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.User == nil && u.Host != "" &&
		(u.Scheme == "https" || u.Scheme == "http" && net.ParseIP(u.Hostname()).IsLoopback())
}
