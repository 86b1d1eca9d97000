package mariadb

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"defog-cdk/internal/testserver/daemon"
)

// installation is where the server's files are.
type installation struct {
	program   string
	share     string // error messages, character sets, and the SQL that makes system tables
	libraries string // where those are that the machine lacks; empty for none
}

// find looks for what install.sh fetched, then for a server that is installed.
func find() (installation, error) {
	checkout, err := daemon.Checkout()
	if err != nil {
		return installation{}, err
	}
	fetched := filepath.Join(checkout, ".build", "mariadb", "usr")
	for _, program := range []string{
		filepath.Join(fetched, "sbin", "mariadbd"), "mariadbd", "/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd",
	} {
		if program, err = exec.LookPath(program); err == nil {
			return installed(program)
		}
	}
	return installation{}, fmt.Errorf("find MariaDB's server: there is none: run `make .build/mariadb/installed` in %s", checkout)
}

// installed finds what belongs to a program: usr/sbin/mariadbd has usr/share and
// usr/lib beside it.
func installed(program string) (installation, error) {
	program, err := filepath.EvalSymlinks(program)
	if err != nil {
		return installation{}, fmt.Errorf("find MariaDB's server: %w", err)
	}
	prefix := filepath.Dir(filepath.Dir(program))
	found := installation{program: program}
	for _, name := range []string{"mysql", "mariadb"} {
		share := filepath.Join(prefix, "share", name)
		if _, err := os.Stat(filepath.Join(share, "charsets", "Index.xml")); err == nil {
			found.share = share
		}
	}
	if found.share == "" {
		return found, errors.New("find MariaDB's files: they are not below " + prefix + "/share")
	}
	libraries, err := filepath.Glob(filepath.Join(prefix, "lib", "*-linux-gnu*"))
	if err == nil && len(libraries) == 1 {
		found.libraries = libraries[0]
	}
	return found, nil
}

// systemTables returns the SQL that makes them, for a server that starts with
// --bootstrap.
func (i installation) systemTables() ([]byte, error) {
	script := []byte("CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL, @skip_auth_anonymous = 1;\n")
	for _, name := range []string{"system_tables.sql", "performance_tables.sql", "system_tables_data.sql"} {
		// Newer versions call themselves mariadb in all their files.
		files, err := filepath.Glob(filepath.Join(i.share, "m*_"+name))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("find MariaDB's %s: there is none in %s", name, i.share)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			return nil, fmt.Errorf("read how MariaDB's system tables are made: %w", err)
		}
		script = append(script, data...)
	}
	return script, nil
}
