package connection

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// bigqueryKey are the keys of a Google service account's key file that log in.
// They may stand in db_creds themselves, as they must in a secret.
var bigqueryKey = []string{"project_id", "client_email", "private_key"}

// bigqueryOptional are the file's other keys, which may be pasted along, and
// ours.
var bigqueryOptional = []string{
	"type", "private_key_id", "client_id", "auth_uri", "token_uri", "auth_provider_x509_cert_url", "client_x509_cert_url",
	"universe_domain",
	"dataset", "location", "max_bytes_billed", "endpoint",
}

// readKey puts what logs in of the file that json_key_path names in its place,
// for the deployed function has no such file. The rest of it is left out, as an
// environment has little room. The path may begin with ~; otherwise it counts
// from the connection file's folder.
func (c *Connection) readKey(directory string) error {
	path := c.DBCreds.Text("json_key_path")
	if c.DBType != "bigquery" || path == "" {
		return nil
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("db_creds.json_key_path: find the home directory: %w", err)
		}
		path = filepath.Join(home, rest)
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(directory, path)
	}
	key, err := readKeyFile(path)
	if err != nil {
		return fmt.Errorf("db_creds.json_key_path: key file %s: %w", path, err)
	}
	for _, name := range bigqueryKey {
		if name == "project_id" && c.DBCreds.Text(name) != "" {
			continue // queries are billed to another project than the account's own
		}
		if c.DBCreds.Text(name) != "" {
			return fmt.Errorf("db_creds.%s: is given beside json_key_path, whose file holds it; give one of them", name)
		}
		c.DBCreds[name] = key[name]
	}
	for _, name := range []string{"private_key_id", "token_uri", "universe_domain"} {
		if c.DBCreds.Text(name) == "" && key[name] != "" && key[name] != usualKey[name] {
			c.DBCreds[name] = key[name]
		}
	}
	delete(c.DBCreds, "json_key_path")
	return nil
}

// usualKey is what almost every key file says, and what counts without it.
var usualKey = map[string]string{
	"token_uri": "https://oauth2.googleapis.com/token", "universe_domain": "googleapis.com",
}

func readKeyFile(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("not found")
	}
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	var key map[string]string
	if err := json.Unmarshal(data, &key); err != nil {
		return nil, errors.New("is not the JSON of a service account's key: an object of texts") // the decoder would quote it
	}
	if key["type"] != "service_account" {
		return nil, fmt.Errorf("is of type %q; valid: service_account", key["type"])
	}
	for _, name := range bigqueryKey {
		if key[name] == "" {
			return nil, fmt.Errorf("%s: missing", name)
		}
	}
	return key, nil
}
