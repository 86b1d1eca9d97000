package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"defog-cdk/config/connection"
)

// endpoint returns the host and port of the database. The port is "" if it is
// not in the credentials. ok is false for a database in a file.
func endpoint(conn connection.Connection) (host, port string, ok bool) {
	text := conn.DBCreds.Text
	switch conn.DBType {
	case "postgres":
		return text("host"), cmp.Or(text("port"), "5432"), true
	case "redshift":
		return text("host"), cmp.Or(text("port"), "5439"), true
	case "mysql":
		return text("host"), cmp.Or(text("port"), "3306"), true
	case "sqlserver":
		host, port, _ := strings.Cut(strings.TrimPrefix(text("server"), "tcp:"), ",")
		host, instance, _ := strings.Cut(strings.TrimSpace(host), `\`)
		if port == "" && instance != "" {
			return host, "", true // SQL Server Browser assigns the port
		}
		return host, cmp.Or(strings.TrimSpace(port), "1433"), true
	case "snowflake":
		host := cmp.Or(text("host"), text("account")+".snowflakecomputing.com")
		return strings.ToLower(strings.ReplaceAll(host, "_", "-")), cmp.Or(text("port"), "443"), true
	case "databricks":
		host, port = apiEndpoint(conn, strings.TrimPrefix(text("server_hostname"), "https://"))
		return host, port, true
	case "bigquery":
		host, port = apiEndpoint(conn, "bigquery.googleapis.com")
		return host, port, true
	}
	return "", "", false
}

// apiEndpoint returns the host and port of db_creds.endpoint, or defaultHost
// and 443 without one.
func apiEndpoint(conn connection.Connection, defaultHost string) (host, port string) {
	endpoint, err := url.Parse(conn.DBCreds.Text("endpoint"))
	if err != nil || endpoint.Host == "" {
		return defaultHost, "443"
	}
	return endpoint.Hostname(), cmp.Or(endpoint.Port(), "443")
}

// examineNetwork resolves the database's host and opens a TCP connection.
func examineNetwork(ctx context.Context, conn connection.Connection) (findings []Finding, reached bool) {
	host, port, ok := endpoint(conn)
	if !ok {
		return []Finding{{"network", Skipped, conn.DBType + " reads a file", ""}}, true
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return []Finding{{"name", Failed, host + " does not resolve", "Correct the host in db_creds. " +
			"A private name resolves only inside its VPC: set vpc_id or subnet_ids, and run defog doctor --function."}}, false
	}
	name := Finding{"name", OK, fmt.Sprintf("%s resolves to %s", host, strings.Join(addresses, ", ")), ""}
	if port == "" {
		return []Finding{name, {"port", Skipped, "SQL Server Browser (UDP port 1434) assigns the instance's port", ""}}, true
	}
	address := net.JoinHostPort(host, port)
	socket, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return []Finding{name, {"port", Failed, "no answer from " + address, "Check that the database runs, " +
			"that its security group admits the function, and that the function's subnet has a route to it."}}, false
	}
	_ = socket.Close() // it served the check only
	return []Finding{name, {"port", OK, address + " is open", ""}}, true
}
