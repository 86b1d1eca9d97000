package connection

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// placeholders matches values of examples: an ellipsis, <password>, ${PASSWORD},
// {{password}}, "your API key", REPLACE_ME. It matches whole values that
// are not names or passwords in practice.
var placeholders = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(…+|\.\.\.|<[^<>]*>|‹[^‹›]*›|\$\{\w+\}|\{\{[^{}]*\}\}|\[(your[ _-]?)?(api[ _-]?key|password|host|user|database)\]|` +
		`your([ _-][a-z]+)+|(insert|enter|put|add|paste)[ _-](your|the)([ _-][a-z]+)+|(replace|change|fill)[ _-]me([ _-]in)?|placeholder)$`)
})

// isPlaceholder reports whether a value is the placeholder of an example.
func isPlaceholder(text string) bool {
	return text != "" && placeholders().MatchString(strings.TrimSpace(text))
}

// checkHost returns an error unless text is a host name, an IP address or the path
// of a Unix socket.
func checkHost(text string) error {
	bare := strings.Trim(text, "[]")
	switch {
	case strings.HasPrefix(text, "/"), net.ParseIP(text) != nil:
		return nil
	case strings.Contains(text, "://"):
		return errors.New("a URL; want the host name alone")
	case strings.ContainsAny(text, " \t\r\n"):
		return errors.New("contains spaces; want the host name alone")
	case strings.Contains(text, "@"):
		return errors.New("contains a user; want the host name alone, and the user in user")
	case net.ParseIP(bare) != nil:
		return errors.New("contains brackets; want the IP address alone")
	case strings.Contains(text, "/"):
		return errors.New("contains a path; want the host name alone, and the database in database")
	case strings.Contains(text, ":"):
		return errors.New("contains a port; want the host name alone, and the port in port")
	case strings.Contains(text, ","):
		return errors.New("several hosts; want one")
	}
	return nil
}

// checkServer checks SQL Server's address: host, host,port or host\instance, after
// an optional tcp:.
func checkServer(text string) error {
	host, _, _ := strings.Cut(strings.TrimPrefix(text, "tcp:"), ",")
	host, _, _ = strings.Cut(host, `\`)
	if err := checkHost(strings.TrimSpace(host)); err != nil {
		reason, _, _ := strings.Cut(err.Error(), ";")
		return errors.New(reason + `; want host, host,port or host\instance`)
	}
	return nil
}

// checkHostname checks Databricks' server_hostname, which may begin with https://.
func checkHostname(text string) error {
	if err := checkHost(strings.TrimPrefix(text, "https://")); err != nil {
		reason, _, _ := strings.Cut(err.Error(), ";")
		return errors.New(reason + "; want the host name alone, and the path in http_path")
	}
	return nil
}

// checkAccount checks Snowflake's account identifier.
func checkAccount(text string) error {
	if strings.Contains(text, "://") || strings.Contains(text, "/") || strings.HasSuffix(strings.ToLower(text), ".snowflakecomputing.com") {
		return errors.New("a URL or host name; want the account identifier such as org-account")
	}
	return nil
}

// addressChecks are the checks of the keys that hold an address.
var addressChecks = map[string]func(string) error{
	"host": checkHost, "server": checkServer, "server_hostname": checkHostname, "account": checkAccount,
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("not a URL; want https://host or http://host, with an optional path")
	}
	if u.User != nil {
		return errors.New("contains a user or password; want a URL without them: the SQL generator gets api_key")
	}
	return nil
}

// isSafe reports whether a credential may be sent to a URL: over TLS, or to this
// machine.
func isSafe(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.User == nil && u.Host != "" &&
		(u.Scheme == "https" || u.Scheme == "http" && net.ParseIP(u.Hostname()).IsLoopback())
}
