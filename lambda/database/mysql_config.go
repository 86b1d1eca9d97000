//go:build !onedriver || mysql

package database

import (
	"net"
	"strconv"

	"github.com/go-sql-driver/mysql"

	"defog-cdk/config/connection"
)

// mysqlConfig says how to connect: db_creds with host, database, user, password
// and perhaps port, and how TLS is used. The driver's defaults are ours for the
// rest: one statement at a time, no local files, no password in the clear.
func mysqlConfig(creds connection.Creds, directory string) (*mysql.Config, error) {
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
	config.TLS, err = tlsFor(creds, host, directory)
	return config, err
}
