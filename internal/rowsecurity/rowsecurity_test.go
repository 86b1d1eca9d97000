package rowsecurity

import (
	"strings"
	"testing"

	"defog-cdk/config/connection"
)

func TestEachDatabaseIsSupportedOrHasReason(t *testing.T) {
	for _, mode := range []Mode{Claims, Role} {
		for _, dbType := range connection.DBTypes() {
			reason := mode.Unsupported(dbType)
			if known := reasons[mode][dbType]; (reason == "") != (known == "") || !strings.Contains(reason, known) {
				t.Errorf("%s, %s: %q", mode, dbType, reason)
			}
		}
	}
	if reason := None.Unsupported("sqlite"); reason != "" {
		t.Errorf("none: %s", reason)
	}
	if reason := Claims.Unsupported("oracle"); reason == "" {
		t.Error("an unknown database is supported")
	}
}
