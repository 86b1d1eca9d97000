package sqlite

import (
	"fmt"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"defog-cdk/lambda/database"
)

// maxHeapBytes limits SQLite's memory. A statement that needs more fails.
const maxHeapBytes = 24 << 20

// errAccounting is the error of the configuration in init.
var errAccounting error

// SQLite counts its memory only if it is configured before the first connection
// of the process. The library's build turns the count off.
func init() {
	tls := libc.NewTLS()
	defer tls.Close()
	on := libc.NewVaList(int32(1))
	defer libc.Xfree(tls, on)
	if code := lib.Xsqlite3_config(tls, lib.SQLITE_CONFIG_MEMSTATUS, on); code != lib.SQLITE_OK {
		errAccounting = fmt.Errorf("count SQLite's memory: %w", sqlite.ResultCode(code).ToError())
	}
}

// limits keep one statement from filling the memory. A pattern's match takes
// the product of its length and the text's.
var limits = map[sqlite.Limit]int32{
	sqlite.LimitAttached:          0,
	sqlite.LimitLength:            database.MaxRowBytes,
	sqlite.LimitLikePatternLength: 1000,
	sqlite.LimitWorkerThreads:     0,
}

// newLimitError returns the error of a value or a statement that exceeds the
// memory, and nil for other codes.
func newLimitError(code sqlite.ResultCode) error {
	switch code.ToPrimary() {
	case sqlite.ResultTooBig:
		failed := database.RowTooLarge()
		failed.Code = code.String()
		return failed
	case sqlite.ResultNoMem:
		return &database.StatementError{Code: code.String(), Message: fmt.Sprintf(
			"the statement takes more than %d MB of memory; want less: read fewer rows, or shorter values", maxHeapBytes>>20)}
	default:
		return nil
	}
}
