//go:build !onedriver || bigquery

package database

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
)

// defaultBytesBilled is the most that a query may read without another limit in
// db_creds: 10 GiB, which cost some six cents.
const defaultBytesBilled = 10 << 30

// bigqueryConfig says where to ask, as whom, and for how much.
type bigqueryConfig struct {
	login       jwt.Config
	endpoint    string // without a slash at its end
	project     string // which jobs run in, and which pays
	dataProject string // which the dataset is in
	dataset     string // where tables are looked up; "" for nowhere
	location    string // where the data is; "" to have the service find out
	most        int64  // bytes that one query may read
}

// newBigQueryConfig takes db_creds with what a service account's key file says
// (project_id, client_email, private_key) and perhaps dataset (also as
// project.dataset), location, max_bytes_billed and endpoint.
func newBigQueryConfig(creds connection.Creds) (bigqueryConfig, error) {
	config := bigqueryConfig{
		project:  creds.Text("project_id"),
		location: creds.Text("location"),
		most:     defaultBytesBilled,
	}
	if creds.Text("json_key_path") != "" {
		return config, errors.New("db_creds has json_key_path, which names a file of another machine: put the file's content in db_creds instead")
	}
	for _, key := range []string{"project_id", "client_email", "private_key"} {
		if creds.Text(key) == "" {
			return config, fmt.Errorf("db_creds has no %s", key)
		}
	}
	if err := checkPrivateKey(creds.Text("private_key")); err != nil {
		return config, err
	}
	universe := cmp.Or(creds.Text("universe_domain"), "googleapis.com")
	config.endpoint = strings.TrimSuffix(cmp.Or(creds.Text("endpoint"), "https://bigquery."+universe), "/")
	config.login = jwt.Config{
		Email:        creds.Text("client_email"),
		PrivateKey:   []byte(creds.Text("private_key")),
		PrivateKeyID: creds.Text("private_key_id"),
		Scopes:       []string{"https://www.googleapis.com/auth/bigquery"},
		TokenURL:     cmp.Or(creds.Text("token_uri"), "https://oauth2."+universe+"/token"),
	}
	config.dataProject, config.dataset = config.project, creds.Text("dataset")
	if project, dataset, found := strings.Cut(config.dataset, "."); found {
		config.dataProject, config.dataset = project, dataset
	}
	if limit := creds.Text("max_bytes_billed"); limit != "" {
		most, err := strconv.ParseInt(limit, 10, 64)
		if err != nil || most < 1 {
			return config, fmt.Errorf("db_creds has max_bytes_billed %q: valid is a number of bytes, from 1", limit)
		}
		config.most = most
	}
	return config, nil
}

// checkPrivateKey finds out early what would look like a refused login.
func checkPrivateKey(text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("db_creds.private_key is not in PEM form, as a service account's key file has it")
	}
	_, err8 := x509.ParsePKCS8PrivateKey(block.Bytes)
	_, err1 := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err8 != nil && err1 != nil {
		return errors.New("db_creds.private_key holds no RSA key")
	}
	return nil
}
