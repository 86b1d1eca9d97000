package postgres

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// newConfig returns the driver's configuration for db_creds with host, port,
// database, user and password, and the TLS keys. parameters are the session's
// settings.
func newConfig(creds connection.Creds, directory string, parameters map[string]string) (*pgconn.Config, error) {
	host, port, err := database.HostAndPort(creds, 5432)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := database.TLSConfig(creds, host, directory)
	if err != nil {
		return nil, err
	}

	// The driver requires a configuration made by its parser, which reads the
	// environment and files for every key that is missing here.
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=none password=none dbname=none " +
		"sslmode=disable target_session_attrs=any")
	if err != nil {
		return nil, fmt.Errorf("configure the driver: %w", err)
	}
	config.Host, config.Port = host, port
	config.Database = creds.Text("database")
	config.User = creds.Text("user")
	config.Password = creds.Text("password")
	config.TLSConfig = tlsConfig
	config.Fallbacks = nil
	config.ConnectTimeout = database.ConnectTimeout
	config.MaxProtocolMessageBodyLen = database.MaxRowBytes
	config.RuntimeParams = parameters
	return config, nil
}
