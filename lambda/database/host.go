package database

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"defog-cdk/config/connection"
)

// hostAndPort returns the db_creds of these names; absent is the port of
// db_creds without one.
func hostAndPort(creds connection.Creds, absent uint16) (host string, port uint16, err error) {
	if host = creds.Text("host"); host == "" {
		return "", 0, errors.New("db_creds has no host")
	}
	text := cmp.Or(creds.Text("port"), strconv.Itoa(int(absent)))
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return "", 0, fmt.Errorf("db_creds has port %q: valid is a number from 1 to 65535", text)
	}
	return host, uint16(number), nil
}
