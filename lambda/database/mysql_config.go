//go:build !onedriver || mysql

package database

import (
	"context"
	"net"
	"strconv"

	"github.com/go-sql-driver/mysql"

	"defog-cdk/config/connection"
)

// mysqlConfig says how to connect: db_creds with host, database, user, password
// and perhaps port, and how TLS is used. The driver's defaults are ours for the
// rest: one statement at a time, no local files, no password in the clear.
// A token goes to the server in the clear, for it is not the secret that it is
// made from, and TLS is around it.
func mysqlConfig(creds connection.Creds, around Surroundings) (*mysql.Config, error) {
	host, port, err := hostAndPort(creds, 3306)
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(host, strconv.Itoa(int(port)))
	config.DBName = creds.Text("database")
	config.User = creds.Text("user")
	config.Passwd = creds.Text("password")
	config.Logger = &mysql.NopLogger{} // what it would log comes back as errors
	if config.TLS, err = tlsFor(creds, host, around.Directory); err != nil {
		return nil, err
	}
	token, err := tokenFor(creds, around, host, port)
	if err != nil || token == nil {
		return config, err
	}
	config.AllowCleartextPasswords = true
	return config, config.Apply(mysql.BeforeConnect(func(ctx context.Context, config *mysql.Config) (err error) {
		config.Passwd, err = token(ctx)
		return err
	}))
}
