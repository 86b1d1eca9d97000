package sqlitefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckFileFindsJournalsWithChanges(t *testing.T) {
	for name, test := range map[string]struct{ suffix, content, want string }{
		"no journal":      {"-shm", "x", ""},
		"log":             {"-wal", strings.Repeat("x", walHeader+1), "shop.db-wal: holds changes"},
		"log without":     {"-wal", strings.Repeat("x", walHeader), ""},
		"empty log":       {"-wal", "", ""},
		"journal":         {"-journal", journalMagic + "more", "shop.db-journal: holds changes"},
		"zeroed journal":  {"-journal", strings.Repeat("\x00", 512), ""},
		"empty journal":   {"-journal", "", ""},
		"journal in part": {"-journal", journalMagic[:4], ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("shop.db"+test.suffix, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			err := CheckFile("shop.db")
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if err := CheckFile(filepath.Join(t.TempDir(), "shop.db")); err != nil {
		t.Errorf("no files: got %v", err)
	}
}
