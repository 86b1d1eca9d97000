package connection

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Create writes the connection to a new file with mode 0600. It never changes an
// existing file: the same connection is not an error (created is false), another one
// is.
func (c Connection) Create(path string) (created bool, err error) {
	if c.DBCreds == nil {
		c.DBCreds = Creds{}
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return false, fmt.Errorf("encode connection: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("create the connection file's folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, c.same(path)
	}
	if err != nil {
		return false, fmt.Errorf("create connection file: %w", err)
	}
	_, err = file.Write(append(data, '\n'))
	if err = errors.Join(err, file.Close()); err != nil {
		return false, fmt.Errorf("write connection file: %w", errors.Join(err, os.Remove(path)))
	}
	return true, nil
}

// same returns an error unless the file holds this connection.
func (c Connection) same(path string) error {
	other, err := readFile(path)
	if err != nil {
		return fmt.Errorf("existing file unchanged: %w", err)
	}
	mine, err := c.Encode()
	if err != nil {
		return err
	}
	if theirs, err := other.Encode(); err != nil || mine != theirs {
		return fmt.Errorf("%s: exists with another connection, and stays unchanged; want another path", path)
	}
	return nil
}
