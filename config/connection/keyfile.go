package connection

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"defog-cdk/internal/jsonfile"
)

// bigqueryKey are the credentials in a Google service account's key file. They may
// be in db_creds, and must be in a secret.
var bigqueryKey = []string{"project_id", "client_email", "private_key"}

// bigqueryOptional are the file's other keys, and the keys of this project.
var bigqueryOptional = []string{
	"type", "private_key_id", "client_id", "auth_uri", "token_uri", "auth_provider_x509_cert_url", "client_x509_cert_url",
	"universe_domain",
	"dataset", "location", "max_bytes_billed", "endpoint",
}

// readKey replaces json_key_path by the credentials in the file, because the
// deployed function does not have the file. It leaves out the file's other keys to
// save space in the environment. The path may begin with ~; otherwise it is
// relative to the connection file's folder.
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
	c.warnIfReadable(path)
	key, err := readKeyFile(path)
	if err != nil {
		return fmt.Errorf("db_creds.json_key_path: %s: %w", path, err)
	}
	for _, name := range bigqueryKey {
		if name == "project_id" && c.DBCreds.Text(name) != "" {
			continue // BigQuery bills queries to another project than the account's
		}
		if c.DBCreds.Text(name) != "" {
			return fmt.Errorf("db_creds.%s: contradicts json_key_path, whose file holds it; want one of them", name)
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

// usualKey holds the defaults, which most key files repeat.
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
	if err := jsonfile.Decode(data, &key); err != nil {
		return nil, fmt.Errorf("not a service account's key: %w", err)
	}
	if key["type"] != "service_account" {
		return nil, fmt.Errorf("type: %q is not supported; want service_account", key["type"])
	}
	for _, name := range bigqueryKey {
		if key[name] == "" {
			return nil, fmt.Errorf("%s: missing; want the key file of a service account", name)
		}
	}
	return key, nil
}
