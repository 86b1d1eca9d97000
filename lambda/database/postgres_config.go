//go:build !onedriver || postgres || redshift

package database

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
)

// mostRowBytes is the longest row that is taken from the server. It is more
// than an answer can hold, and keeps one row from filling the memory.
const mostRowBytes = 16 << 20

// postgresConfig says how to connect: db_creds with host, port, database, user
// and password, and how TLS is used. Parameters are the session's settings.
func postgresConfig(creds connection.Creds, directory string, parameters map[string]string) (*pgconn.Config, error) {
	host, port, err := hostAndPort(creds, 5432)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := tlsFor(creds, host, directory)
	if err != nil {
		return nil, err
	}

	// The driver wants its configuration made by its parser. What the parser
	// would take from the environment or a file is said here or replaced below.
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=none password=none dbname=none " +
		"sslmode=disable target_session_attrs=any")
	if err != nil {
		return nil, fmt.Errorf("prepare the driver: %w", err)
	}
	config.Host, config.Port = host, port
	config.Database = creds.Text("database")
	config.User = creds.Text("user")
	config.Password = creds.Text("password")
	config.TLSConfig = tlsConfig
	config.Fallbacks = nil
	config.ConnectTimeout = connectTime
	config.MaxProtocolMessageBodyLen = mostRowBytes
	config.RuntimeParams = parameters
	return config, nil
}
