package database

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// What a ConnectionError gives as the reason, for a caller's eyes.
const (
	refusedLogin     = "the login was refused"
	noDatabase       = "there is no database of that name"
	noConnectionLeft = "it has no connection left"
	endedByServer    = "it was ended by the server"
	refusedWithCode  = "the server refused it with code "
	noTLS            = "it does not speak TLS"
	noAnswer         = "it did not answer in time"

	noConnectionsFromHere = "it takes no connections from here"
)

// connectFailure says that an error came up while connecting, when even an
// error of the server's is one of the connection.
type connectFailure struct{ error }

func (e *connectFailure) Unwrap() error { return e.error }

// connectionReason says why there is no connection, if it was not the server
// that said so.
func connectionReason(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its TLS certificate could not be verified"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its host name could not be resolved"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return noAnswer
	}
	if _, ok := errors.AsType[*connectFailure](err); ok {
		return "it could not be reached"
	}
	return "it was lost"
}
