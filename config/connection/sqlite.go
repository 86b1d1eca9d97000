package connection

import (
	"fmt"
	"path"
	"strings"
)

// functionFolders are the folders in which AWS mounts layers and file systems.
// https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
var functionFolders = []string{"/opt/", "/mnt/"}

// CheckSQLitePath returns an error for the absolute path of a SQLite file that a
// function on AWS cannot have.
func CheckSQLitePath(file string) error {
	if !path.IsAbs(file) {
		return nil
	}
	for _, folder := range functionFolders {
		if strings.HasPrefix(path.Clean(file), folder) {
			return nil
		}
	}
	return fmt.Errorf("%s is not in the function; want the name of a file in the dependencies folder. Copy the file there", file)
}

// CheckSQLite is CheckSQLitePath for the file of a connection. Other databases have
// none.
func (c Connection) CheckSQLite() error {
	if c.DBType != "sqlite" {
		return nil
	}
	if err := CheckSQLitePath(c.DBCreds.Text("database")); err != nil {
		return fmt.Errorf("db_creds.database: %w", err)
	}
	return nil
}
