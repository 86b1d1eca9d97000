package local

import (
	"fmt"
	"path/filepath"
)

// Record records each request to the local AWS in a file, one JSON object a line. Local
// AWS itself accepts requests that AWS rejects; the tests check them.
func Record(file string) Option {
	return func(a *AWS) error {
		file, err := filepath.Abs(file)
		if err != nil {
			return fmt.Errorf("record requests: %w", err)
		}
		a.application = filepath.Join(a.checkout, "local", "record.py") + ":app"
		a.options = append(a.options, "RECORD_REQUESTS="+file)
		return nil
	}
}
