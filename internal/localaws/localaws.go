// Package localaws detects local AWS (MiniStack), and describes what it runs
// functions on.
package localaws

import (
	"net"
	"net/url"
	"runtime"
)

// IsEndpoint reports whether an AWS endpoint, as in AWS_ENDPOINT_URL, is on this
// machine.
func IsEndpoint(endpoint string) bool {
	parsed, err := url.Parse(endpoint)
	return err == nil && (parsed.Hostname() == "localhost" || net.ParseIP(parsed.Hostname()).IsLoopback())
}

// Architecture returns the value of the setting architecture for this machine.
// Local AWS runs functions as processes of this machine.
func Architecture() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return "arm64"
}
