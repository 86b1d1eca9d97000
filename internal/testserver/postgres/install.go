package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"defog-cdk/internal/testserver/daemon"
)

// owner returns the user that the server runs as. It is an unprivileged one if the
// test runs as root, and nil, the test's user, otherwise.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("find a user for PostgreSQL, which refuses to run as root: %w", err)
	}
	uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("find a user for PostgreSQL, which refuses to run as root: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Programs names the folder of another PostgreSQL's programs, such as
// /usr/lib/postgresql/15/bin. The server then runs these.
const Programs = "DEFOG_TEST_POSTGRES_PROGRAMS"

// IsInstalled reports whether the system has the programs of a version.
func IsInstalled(version string) bool {
	_, err := os.Stat(filepath.Join(programs(version), "initdb"))
	return err == nil
}

// programs is the folder of a version's programs, as Debian installs them.
func programs(version string) string { return filepath.Join("/usr/lib/postgresql", version, "bin") }

// install copies the server's binaries to bin, lib and share in directory. Other programs
// stay in their folder; "" selects npm's.
func install(directory, programs string) error {
	if programs != "" {
		if err := os.Symlink(programs, filepath.Join(directory, "bin")); err != nil {
			return fmt.Errorf("use the programs of another PostgreSQL: %w", err)
		}
		return nil
	}
	source, err := npmPackage()
	if err != nil {
		return err
	}
	if err := os.CopyFS(directory, os.DirFS(filepath.Join(source, "native"))); err != nil {
		return fmt.Errorf("copy PostgreSQL's binaries: %w", err)
	}
	return link(directory)
}

// npmPackage finds the package with this platform's binaries in node_modules,
// beside the go.mod above the working directory.
func npmPackage() (string, error) {
	architecture := runtime.GOARCH
	if architecture == "amd64" {
		architecture = "x64"
	}
	name := "@embedded-postgres/" + runtime.GOOS + "-" + architecture
	root, err := daemon.Checkout()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "node_modules", filepath.FromSlash(name))
	if _, err := os.Stat(filepath.Join(path, "native", "bin", "postgres")); err != nil {
		return "", fmt.Errorf("find the npm package %s: %w: run `npm ci` in %s", name, err, root)
	}
	return path, nil
}

// link makes the symbolic links between libraries, which an npm package can't
// hold. The package's install script makes them too, but npm may not run it.
func link(directory string) error {
	data, err := os.ReadFile(filepath.Join(directory, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("link PostgreSQL's libraries: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(data, &links); err != nil {
		return fmt.Errorf("link PostgreSQL's libraries: %w", err)
	}
	for _, l := range links {
		target, err := filepath.Rel("native", filepath.FromSlash(l.Target))
		if err != nil {
			return fmt.Errorf("link PostgreSQL's libraries: %w", err)
		}
		err = os.Symlink(filepath.Base(l.Source), filepath.Join(directory, target))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link PostgreSQL's libraries: %w", err)
		}
	}
	return nil
}

// handOver gives all that is in the directory to the server's user, if that is
// not the test's own.
func handOver(directory string, user *syscall.Credential) error {
	if user == nil {
		return nil
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return fmt.Errorf("give PostgreSQL's directory to its user: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, int(user.Uid), int(user.Gid))
	})
	if err != nil {
		return fmt.Errorf("give PostgreSQL's directory to its user: %w", err)
	}
	return nil
}
