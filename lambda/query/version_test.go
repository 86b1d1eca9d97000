package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/release"
)

// A canary release shows in the log which version answered.
func TestLogLinesNameTheVersion(t *testing.T) {
	service, url := newGenerator(t)
	service.Teach("Which coffees?", "SELECT 1")
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url)})
	f.invoke(t, `{"question":"Which coffees?"}`)
	lines := 0
	for line := range strings.Lines(f.stop()) {
		var entry struct{ Msg, Version string }
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Msg == "" {
			continue
		}
		if lines++; entry.Version != release.Version {
			t.Errorf("version %q in %s", entry.Version, line)
		}
	}
	if lines == 0 {
		t.Error("the log is empty")
	}
}
