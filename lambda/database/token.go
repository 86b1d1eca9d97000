package database

import (
	"context"
	"errors"
	"net"
	"strconv"

	"defog-cdk/config/connection"
)

// tokenFor returns what makes a token for each connection if the db_creds say
// "auth": "iam", and nil if they hold a password.
func tokenFor(creds connection.Creds, around Surroundings, host string, port uint16) (func(context.Context) (string, error), error) {
	if creds.Text("auth") != connection.IAM {
		return nil, nil
	}
	if around.Token == nil {
		return nil, errors.New(`db_creds has "auth": "iam", and there are no AWS credentials to make a token from`)
	}
	endpoint := net.JoinHostPort(host, strconv.Itoa(int(port)))
	return func(ctx context.Context) (string, error) { return around.Token(ctx, endpoint, creds.Text("user")) }, nil
}
