package snowflake

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// maxIdleTime is how long a network connection is reused while idle.
const maxIdleTime = time.Minute

// newConfig returns the driver's configuration for db_creds with account,
// warehouse, user, password or private_key, and optionally database, schema and
// role. The optional host and port replace the account's.
func newConfig(creds connection.Creds, directory string) (sf.Config, *transport, error) {
	text := creds.Text
	account := text("account")
	if account == "" {
		return sf.Config{}, nil, database.MissingError("account")
	}
	host := cmp.Or(text("host"), account+".snowflakecomputing.com")
	// Account identifiers may hold underscores, host names may not.
	host = strings.ToLower(strings.ReplaceAll(host, "_", "-"))
	// The region and the cloud follow a dot; they belong to the host only.
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
		number, err := database.ParsePort(port)
		if err != nil {
			return config, nil, err
		}
		config.Port = int(number)
	}
	config.Password = text("password")
	if key := text("private_key"); key != "" {
		private, err := parseKey(key)
		if err != nil {
			return config, nil, err
		}
		config.Authenticator, config.PrivateKey, config.Password = sf.AuthTypeJwt, private, ""
	}
	secure, err := database.TLSConfig(creds, host, directory)
	if err != nil {
		return config, nil, err
	}
	if secure == nil {
		config.Protocol = "http"
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = secure
	transport := &transport{base: base}
	config.Transporter = transport
	return config, transport, nil
}

// parseKey parses an RSA key in PEM. In JSON its lines may be one, with \n.
func parseKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return nil, errors.New("db_creds.private_key: not PEM; want -----BEGIN PRIVATE KEY----- and the lines after it")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("db_creds.private_key: encrypted; want a key without a passphrase (openssl pkcs8 -nocrypt)")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	private, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("db_creds.private_key: not an RSA key; want PKCS #8 or PKCS #1")
	}
	return private, nil
}

// sessionParameters returns the parameters of a new session. In the result
// format JSON, Snowflake sends every value as text with all its digits; with
// Arrow, the default, the driver converts decimals to floats.
// https://docs.snowflake.com/en/sql-reference/parameters
func sessionParameters(wanted sessionLimits) map[string]*string {
	params := map[string]*string{}
	for name, value := range map[string]string{
		"go_query_result_format": "JSON",
		"multi_statement_count":  "1",
		"query_tag":              "defog",
		// A user or an account can have other formats, which casts to text use.
		"binary_output_format":        "HEX",
		"date_output_format":          "YYYY-MM-DD",
		"geography_output_format":     "GeoJSON",
		"geometry_output_format":      "GeoJSON",
		"time_output_format":          "HH24:MI:SS",
		"timestamp_output_format":     "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
		"timestamp_ntz_output_format": "YYYY-MM-DD HH24:MI:SS.FF3",
		"timestamp_ltz_output_format": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
		"timestamp_tz_output_format":  "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
		"abort_detached_query":        "true", // stops queries of lost connections
		"client_telemetry_enabled":    "false",
		// Small chunks, one at a time, limit the memory.
		"client_prefetch_threads":      "1",
		"client_result_chunk_size":     "16",
		"statement_timeout_in_seconds": strconv.FormatInt(wanted.seconds, 10),
		"rows_per_resultset":           strconv.FormatInt(wanted.rows, 10),
	} {
		params[name] = &value
	}
	return params
}
