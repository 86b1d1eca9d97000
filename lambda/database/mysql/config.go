package mysql

import (
	"context"
	"net"
	"strconv"

	"github.com/go-sql-driver/mysql"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// newConfig returns the driver's configuration for db_creds with host, port,
// database, user and password, and the TLS keys. The driver's other defaults
// are safe: one statement at a time, no local files, no password in clear text.
// A token is sent in clear text inside TLS: it expires and does not reveal the
// secret that signed it.
func newConfig(creds connection.Creds, options database.Options) (*mysql.Config, error) {
	host, port, err := database.HostAndPort(creds, 3306)
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(host, strconv.Itoa(int(port)))
	config.DBName = creds.Text("database")
	config.User = creds.Text("user")
	config.Passwd = creds.Text("password")
	config.Logger = &mysql.NopLogger{} // the driver also returns what it logs
	if config.TLS, err = database.TLSConfig(creds, host, options.Directory); err != nil {
		return nil, err
	}
	token, err := database.TokenSource(creds, options, host, port)
	if err != nil || token == nil {
		return config, err
	}
	config.AllowCleartextPasswords = true
	return config, config.Apply(mysql.BeforeConnect(func(ctx context.Context, config *mysql.Config) (err error) {
		config.Passwd, err = token(ctx)
		return err
	}))
}
