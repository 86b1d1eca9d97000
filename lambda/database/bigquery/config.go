package bigquery

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/oauth2/jwt"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// defaultMaxBytes limits what a query may read: 10 GiB, at some six cents.
const defaultMaxBytes = 10 << 30

// config is the service, the login and the limits.
type config struct {
	login       jwt.Config
	endpoint    string // without a slash at the end
	project     string // runs the jobs and pays for them
	dataProject string // of the dataset
	dataset     string // default dataset of table names; may be empty
	location    string // of the data; empty to let the service find it
	maxBytes    int64  // that one query may read
}

// newConfig reads db_creds with the keys of a service account's key file
// (project_id, client_email, private_key) and optionally dataset (also as
// project.dataset), location, max_bytes_billed and endpoint.
func newConfig(creds connection.Creds) (config, error) {
	c := config{
		project:  creds.Text("project_id"),
		location: creds.Text("location"),
		maxBytes: defaultMaxBytes,
	}
	if creds.Text("json_key_path") != "" {
		return c, errors.New("db_creds.json_key_path: names a file of another machine; want the file's content in db_creds")
	}
	for _, key := range []string{"project_id", "client_email", "private_key"} {
		if creds.Text(key) == "" {
			return c, database.MissingError(key)
		}
	}
	if err := checkPrivateKey(creds.Text("private_key")); err != nil {
		return c, err
	}
	universe := cmp.Or(creds.Text("universe_domain"), "googleapis.com")
	c.endpoint = strings.TrimSuffix(cmp.Or(creds.Text("endpoint"), "https://bigquery."+universe), "/")
	c.login = jwt.Config{
		Email:        creds.Text("client_email"),
		PrivateKey:   []byte(creds.Text("private_key")),
		PrivateKeyID: creds.Text("private_key_id"),
		Scopes:       []string{"https://www.googleapis.com/auth/bigquery"},
		TokenURL:     cmp.Or(creds.Text("token_uri"), "https://oauth2."+universe+"/token"),
	}
	c.dataProject, c.dataset = c.project, creds.Text("dataset")
	if project, dataset, found := strings.Cut(c.dataset, "."); found {
		c.dataProject, c.dataset = project, dataset
	}
	if limit := creds.Text("max_bytes_billed"); limit != "" {
		maxBytes, err := strconv.ParseInt(limit, 10, 64)
		if err != nil || maxBytes < 1 {
			return c, fmt.Errorf("db_creds.max_bytes_billed: %q is invalid; want a number of bytes, from 1", limit)
		}
		c.maxBytes = maxBytes
	}
	return c, nil
}

// checkPrivateKey validates the key. With an invalid one, the service would
// refuse the login.
func checkPrivateKey(text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("db_creds.private_key: not PEM; want the private_key of a service account's key file")
	}
	_, err8 := x509.ParsePKCS8PrivateKey(block.Bytes)
	_, err1 := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err8 != nil && err1 != nil {
		return errors.New("db_creds.private_key: not an RSA key; want PKCS #8 or PKCS #1")
	}
	return nil
}
