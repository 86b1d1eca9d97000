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

// endpoint returns where the database listens, port "" if that is not known; ok
// is false for one that is a file.
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
			return host, "", true // which port that is, only the server's browser knows
		}
		return host, cmp.Or(strings.TrimSpace(port), "1433"), true
	case "snowflake":
		host := cmp.Or(text("host"), text("account")+".snowflakecomputing.com")
		return strings.ToLower(strings.ReplaceAll(host, "_", "-")), cmp.Or(text("port"), "443"), true
	case "databricks":
		host, port = ofEndpoint(conn, strings.TrimPrefix(text("server_hostname"), "https://"))
		return host, port, true
	case "bigquery":
		host, port = ofEndpoint(conn, "bigquery.googleapis.com")
		return host, port, true
	}
	return "", "", false
}

// ofEndpoint returns where the db_creds endpoint is, or the usual host without
// one.
func ofEndpoint(conn connection.Connection, usual string) (host, port string) {
	endpoint, err := url.Parse(conn.DBCreds.Text("endpoint"))
	if err != nil || endpoint.Host == "" {
		return usual, "443"
	}
	return endpoint.Hostname(), cmp.Or(endpoint.Port(), "443")
}

// examineNetwork reports whether the database can be reached at all.
func examineNetwork(ctx context.Context, conn connection.Connection) (findings []Finding, reached bool) {
	host, port, ok := endpoint(conn)
	if !ok {
		return []Finding{{"network", Skipped, conn.DBType + " is a file", ""}}, true
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return []Finding{{"name", Failed, host + " does not resolve", "Correct the host in db_creds. " +
			"A private name resolves inside its VPC alone: set vpc_id or subnet_ids, and ask the deployed function."}}, false
	}
	name := Finding{"name", OK, fmt.Sprintf("%s is %s", host, strings.Join(addresses, ", ")), ""}
	if port == "" {
		return []Finding{name, {"port", Skipped, "the server's browser tells the instance's port, by UDP port 1434", ""}}, true
	}
	address := net.JoinHostPort(host, port)
	socket, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return []Finding{name, {"port", Failed, "nothing answers at " + address, "Is the database up? " +
			"Does its security group let the function in, and has the function's subnet a way to it?"}}, false
	}
	_ = socket.Close() // it was opened to see that it can be
	return []Finding{name, {"port", OK, address + " is open", ""}}, true
}
