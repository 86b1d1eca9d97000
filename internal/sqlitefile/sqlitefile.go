// Package sqlitefile finds journals beside a SQLite file. Their changes are not in
// the file, so that the file alone gives wrong answers.
package sqlitefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Suffixes are those of a journal's name after the file's name.
// https://www.sqlite.org/tempfiles.html
var Suffixes = []string{"-wal", "-journal"}

const (
	// walHeader is the size of a write-ahead log without changes.
	// https://www.sqlite.org/fileformat2.html#walformat
	walHeader = 32

	// journalMagic starts a rollback journal that is not zeroed.
	journalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
)

// JournalError reports a journal that holds changes.
type JournalError struct {
	Database string // the file's name
	Suffix   string // of the journal
}

func (e *JournalError) Error() string {
	command := "PRAGMA wal_checkpoint(TRUNCATE)"
	if e.Suffix != "-wal" {
		command = "PRAGMA integrity_check"
	}
	return fmt.Sprintf("%[1]s%[2]s: holds changes that %[1]s lacks; want the file without a journal. "+
		"Stop the programs that write to it, run sqlite3 %[1]s '%[3]s', and copy the file again", e.Database, e.Suffix, command)
}

// Check returns a *JournalError if open returns a journal of the database that
// holds changes. open returns fs.ErrNotExist for a missing file.
func Check(database string, open func(name string) (io.ReadCloser, error)) error {
	for _, suffix := range Suffixes {
		file, err := open(database + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read a journal: %w", err)
		}
		head := make([]byte, walHeader+1)
		n, err := io.ReadFull(file, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.Join(fmt.Errorf("read a journal: %w", err), file.Close())
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("read a journal: %w", err)
		}
		if suffix == "-wal" && n > walHeader || suffix == "-journal" && n >= len(journalMagic) && string(head[:len(journalMagic)]) == journalMagic {
			return &JournalError{Database: database, Suffix: suffix}
		}
	}
	return nil
}

// CheckFile is Check for a file on a disk.
func CheckFile(path string) error {
	return Check(path, func(name string) (io.ReadCloser, error) { return os.Open(name) })
}
