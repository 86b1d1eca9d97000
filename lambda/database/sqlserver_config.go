//go:build !onedriver || sqlserver

package database

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/microsoft/go-mssqldb/msdsn"

	"defog-cdk/config/connection"
)

// sqlserverConfig says how to connect: db_creds with server, user, password and
// perhaps database, and how TLS is used. Without TLS the driver still encrypts
// the login, with whoever answers.
func sqlserverConfig(creds connection.Creds, directory string) (msdsn.Config, error) {
	config := msdsn.Config{
		Database:       creds.Text("database"),
		User:           creds.Text("user"),
		Password:       creds.Text("password"),
		AppName:        "defog",
		Workstation:    "defog", // the host's name is nobody's business
		ReadOnlyIntent: true,    // a secondary replica, where there is one for readers
		DisableRetry:   true,
		Protocols:      []string{"tcp"},
		Parameters:     map[string]string{},
		DialTimeout:    -1, // the context has one
		Encoding:       msdsn.EncodeParameters{Timezone: time.UTC},
	}
	var err error
	if config.Host, config.Instance, config.Port, err = sqlserverAddress(creds.Text("server")); err != nil {
		return config, err
	}
	secure, err := tlsFor(creds, config.Host, directory)
	if err != nil {
		return config, err
	}
	config.Encryption, config.TLSConfig = msdsn.EncryptionRequired, secure
	if secure == nil {
		config.Encryption = msdsn.EncryptionOff
		config.TLSConfig = &tls.Config{ServerName: config.Host, MinVersion: tls.VersionTLS12}
		config.TLSConfig.InsecureSkipVerify = true
	}
	// What SQL Server speaks inside of its own protocol is TLS 1.2: version 1.3
	// sends more after the handshake, for which there is no place.
	// https://learn.microsoft.com/en-us/sql/relational-databases/security/networking/tls-1-3
	config.TLSConfig.MaxVersion = tls.VersionTLS12
	return config, nil
}

// sqlserverAddress splits what SQL Server's programs call a server: host,
// host,port or host\instance, perhaps behind "tcp:". An instance without a port
// is looked up on the host, by UDP port 1434.
func sqlserverAddress(server string) (host, instance string, port uint64, err error) {
	server = strings.TrimPrefix(server, "tcp:")
	host, text, hasPort := strings.Cut(server, ",")
	host, instance, hasInstance := strings.Cut(strings.TrimSpace(host), `\`)
	if host == "." || host == "(local)" {
		host = "localhost"
	}
	switch {
	case server == "":
		return "", "", 0, errors.New("db_creds has no server")
	case host == "" || hasInstance && instance == "" || strings.Contains(host, ":") && net.ParseIP(host) == nil:
		return "", "", 0, fmt.Errorf(`db_creds has server %q: valid are host, host,port and host\instance`, server)
	case !hasPort:
		return host, instance, 0, nil
	}
	if port, err = strconv.ParseUint(strings.TrimSpace(text), 10, 16); err != nil || port == 0 {
		return "", "", 0, fmt.Errorf("db_creds has server %q: valid is a port from 1 to 65535 behind the comma", server)
	}
	return host, instance, port, nil
}

// sqlserverDialer has the driver leave names to the context's resolver, which it
// would look up without a limit of time. It keeps the socket, and closes it at
// the end of the context that it was opened with.
type sqlserverDialer struct {
	host   string
	dial   func(ctx context.Context, network, address string) (net.Conn, error) // nil for the network
	socket net.Conn
	stops  []func() bool
}

// DialContext implements mssql.Dialer.
func (d *sqlserverDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dial := d.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.stops = append(d.stops, context.AfterFunc(ctx, func() { _ = conn.Close() }))
	d.socket = conn // the last one is what the driver stays with
	return conn, nil
}

// forget lets the socket outlive the context.
func (d *sqlserverDialer) forget() {
	for _, stop := range d.stops {
		stop()
	}
}

// HostName implements mssql.HostDialer.
func (d *sqlserverDialer) HostName() string { return d.host }
