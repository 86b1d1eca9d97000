package sqlserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/microsoft/go-mssqldb/msdsn"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// newConfig returns the driver's configuration for db_creds with server, user,
// password and an optional database, and the TLS keys. Without TLS the driver
// still encrypts the login, but accepts any certificate.
func newConfig(creds connection.Creds, directory string) (msdsn.Config, error) {
	config := msdsn.Config{
		Database:       creds.Text("database"),
		User:           creds.Text("user"),
		Password:       creds.Text("password"),
		AppName:        "defog",
		Workstation:    "defog", // replaces the host's name
		ReadOnlyIntent: true,    // selects a secondary replica for readers
		DisableRetry:   true,
		Protocols:      []string{"tcp"},
		Parameters:     map[string]string{},
		DialTimeout:    -1, // the context limits dialing
		Encoding:       msdsn.EncodeParameters{Timezone: time.UTC},
	}
	var err error
	if config.Host, config.Instance, config.Port, err = parseServer(creds.Text("server")); err != nil {
		return config, err
	}
	secure, err := database.TLSConfig(creds, config.Host, directory)
	if err != nil {
		return config, err
	}
	config.Encryption, config.TLSConfig = msdsn.EncryptionRequired, secure
	if secure == nil {
		config.Encryption = msdsn.EncryptionOff
		config.TLSConfig = &tls.Config{ServerName: config.Host, MinVersion: tls.VersionTLS12}
		config.TLSConfig.InsecureSkipVerify = true
	}
	// The protocol wraps a handshake of TLS 1.2. TLS 1.3 sends messages after the
	// handshake, which the protocol does not carry.
	// https://learn.microsoft.com/en-us/sql/relational-databases/security/networking/tls-1-3
	config.TLSConfig.MaxVersion = tls.VersionTLS12
	return config, nil
}

// parseServer parses db_creds.server as SQL Server's tools do: host, host,port
// or host\instance, with an optional "tcp:". The driver looks up an instance
// without a port on the host, by UDP port 1434.
func parseServer(server string) (host, instance string, port uint64, err error) {
	server = strings.TrimPrefix(server, "tcp:")
	host, text, hasPort := strings.Cut(server, ",")
	host, instance, hasInstance := strings.Cut(strings.TrimSpace(host), `\`)
	if host == "." || host == "(local)" {
		host = "localhost"
	}
	switch {
	case server == "":
		return "", "", 0, database.MissingError("server")
	case host == "" || hasInstance && instance == "" || strings.Contains(host, ":") && net.ParseIP(host) == nil:
		return "", "", 0, fmt.Errorf(`db_creds.server: %q is invalid; want host, host,port or host\instance`, server)
	case !hasPort:
		return host, instance, 0, nil
	}
	if port, err = strconv.ParseUint(strings.TrimSpace(text), 10, 16); err != nil || port == 0 {
		return "", "", 0, fmt.Errorf("db_creds.server: %q has an invalid port; want a number from 1 to 65535 after the comma", server)
	}
	return host, instance, port, nil
}

// contextDialer resolves names with the context's deadline, which the driver
// does not. It keeps the socket, and closes it at the end of the context that
// the socket was dialed with.
type contextDialer struct {
	host   string
	dial   func(ctx context.Context, network, address string) (net.Conn, error) // nil for the network
	socket *pacedConn
	stops  []func() bool
}

// DialContext implements mssql.Dialer.
func (d *contextDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dial := d.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.stops = append(d.stops, context.AfterFunc(ctx, func() { _ = conn.Close() }))
	d.socket = &pacedConn{Conn: conn} // the driver uses the last one
	return d.socket, nil
}

// release keeps the socket open after the end of the context.
func (d *contextDialer) release() {
	for _, stop := range d.stops {
		stop()
	}
}

// HostName implements mssql.HostDialer.
func (d *contextDialer) HostName() string { return d.host }
