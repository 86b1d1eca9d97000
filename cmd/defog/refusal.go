package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"

	"defog-cdk/internal/localaws"
)

// explainRefusal replaces an error if local AWS at the endpoint does not listen. It
// leaves other errors as they are.
func explainRefusal(err error, endpoint string) error {
	refused, ok := errors.AsType[*net.OpError](err)
	if !ok || !errors.Is(refused, syscall.ECONNREFUSED) || !localaws.IsEndpoint(endpoint) {
		return err
	}
	address, ok := refused.Addr.(*net.TCPAddr)
	local, invalid := url.Parse(endpoint)
	if !ok || invalid != nil || !address.IP.IsLoopback() || local.Port() != fmt.Sprint(address.Port) {
		return err
	}
	return fmt.Errorf("AWS_ENDPOINT_URL: %s refuses connections: local AWS has ended; start it again (make local), or unset the variable", endpoint)
}
