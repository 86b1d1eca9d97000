//go:build !onedriver || snowflake

package database

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"defog-cdk/config/connection"
)

// idleTime is how long a connection may rest until it is not used again.
const idleTime = time.Minute

// snowflakeConfig says how to connect: db_creds with account, warehouse, user,
// password or private_key, and perhaps database, schema and role. With host, and
// perhaps port, the account is looked for there.
func snowflakeConfig(creds connection.Creds, directory string) (sf.Config, *snowflakeTransport, error) {
	text := creds.Text
	account := text("account")
	if account == "" {
		return sf.Config{}, nil, errors.New("db_creds has no account")
	}
	host := cmp.Or(text("host"), account+".snowflakecomputing.com")
	// Underscores are in account identifiers, and not in host names.
	host = strings.ToLower(strings.ReplaceAll(host, "_", "-"))
	// Behind a dot are the region and the cloud, which are in the host alone.
	name, _, _ := strings.Cut(account, ".")
	config := sf.Config{
		Account: name, Warehouse: text("warehouse"), User: text("user"),
		Database: text("database"), Schema: text("schema"), Role: text("role"),
		Host: host, Protocol: "https", Port: 443, Application: "defog",
		MaxRetryCount:          2,
		ServerSessionKeepAlive: false,
		OCSPFailOpen:           sf.OCSPFailOpenTrue,
	}
	if port := text("port"); port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return config, nil, fmt.Errorf("db_creds has port %q: valid is a number from 1 to 65535", port)
		}
		config.Port = int(number)
	}
	config.Password = text("password")
	if key := text("private_key"); key != "" {
		private, err := snowflakeKey(key)
		if err != nil {
			return config, nil, err
		}
		config.Authenticator, config.PrivateKey, config.Password = sf.AuthTypeJwt, private, ""
	}
	secure, err := tlsFor(creds, host, directory)
	if err != nil {
		return config, nil, err
	}
	if secure == nil {
		config.Protocol = "http"
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = secure
	transport := &snowflakeTransport{base: base}
	config.Transporter = transport
	return config, transport, nil
}

// snowflakeKey reads an RSA key in PEM. JSON may have its lines in one, with \n.
func snowflakeKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return nil, errors.New("db_creds has a private_key that is not PEM: valid is -----BEGIN PRIVATE KEY----- and so on")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("db_creds has a private_key that is encrypted: valid is one without a passphrase (openssl pkcs8 -nocrypt)")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	private, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("db_creds has a private_key that is no RSA key: valid is one of PKCS #8 or PKCS #1")
	}
	return private, nil
}

// snowflakeParams are what a session is opened with. JSON is the result format
// in which Snowflake sends every value as text with all its digits; Arrow, the
// driver's default, has the driver turn decimals into floats.
// https://docs.snowflake.com/en/sql-reference/parameters
func snowflakeParams(wanted snowflakeSession) map[string]*string {
	params := map[string]*string{}
	for name, value := range map[string]string{
		"go_query_result_format":   "JSON",
		"multi_statement_count":    "1",
		"query_tag":                "defog",
		"binary_output_format":     "HEX",
		"geography_output_format":  "GeoJSON",
		"geometry_output_format":   "GeoJSON",
		"abort_detached_query":     "true", // the server stops when nobody is there any more
		"client_telemetry_enabled": "false",
		// One piece of a result at a time, and small ones, keep memory flat.
		"client_prefetch_threads":      "1",
		"client_result_chunk_size":     "16",
		"statement_timeout_in_seconds": strconv.FormatInt(wanted.seconds, 10),
		"rows_per_resultset":           strconv.FormatInt(wanted.rows, 10),
	} {
		params[name] = &value
	}
	return params
}
