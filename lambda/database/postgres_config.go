//go:build !onedriver || postgres

package database

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
)

// mostRowBytes is the longest row that is taken from the server. It is more
// than an answer can hold, and keeps one row from filling the memory.
const mostRowBytes = 16 << 20

// postgresConfig says how to connect: db_creds with host, port, database, user
// and password, and how TLS is used.
func postgresConfig(creds connection.Creds, directory string) (*pgconn.Config, error) {
	host := creds.Text("host")
	if host == "" {
		return nil, errors.New("db_creds has no host")
	}
	port := creds.Text("port")
	if port == "" {
		port = "5432"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return nil, fmt.Errorf("db_creds has port %q: valid is a number from 1 to 65535", port)
	}
	tlsConfig, err := tlsFor(creds, host, directory)
	if err != nil {
		return nil, err
	}

	// The driver wants its configuration made by its parser. What the parser
	// would take from the environment or a file is said here or replaced below.
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=none password=none dbname=none " +
		"sslmode=disable connect_timeout=10 target_session_attrs=any")
	if err != nil {
		return nil, fmt.Errorf("prepare the driver: %w", err)
	}
	config.Host, config.Port = host, uint16(number)
	config.Database = creds.Text("database")
	config.User = creds.Text("user")
	config.Password = creds.Text("password")
	config.TLSConfig = tlsConfig
	config.Fallbacks = nil
	config.MaxProtocolMessageBodyLen = mostRowBytes
	// Settings that the text forms and the guard's lexer build on. Poolers
	// between us and the server let these pass.
	config.RuntimeParams = map[string]string{
		"application_name":            "defog",
		"client_encoding":             "UTF8",
		"DateStyle":                   "ISO",
		"standard_conforming_strings": "on",
	}
	return config, nil
}
