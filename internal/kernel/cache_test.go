package kernel

import (
	"os"
	"path/filepath"
	"testing"
)

func TestUnpackedNeedsTheProgramsVersionOfTheCDK(t *testing.T) {
	root := t.TempDir()
	for _, step := range []struct {
		folder string
		want   bool
	}{
		{"constructs/10.6.0/0a1b", false},
		{"aws-cdk-lib/2.0.0/0a1b", false},
		{"aws-cdk-lib/2.1.0", false}, // about to be unpacked
		{"aws-cdk-lib/2.1.0/0a1b", true},
	} {
		if err := os.MkdirAll(filepath.Join(root, step.folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := unpacked(root, "2.1.0"); got != step.want {
			t.Errorf("with %s: got %t, want %t", step.folder, got, step.want)
		}
	}
	if !unpacked("", "2.1.0") || !unpacked(root, "") {
		t.Error("an unknown folder or version reads as not unpacked")
	}
}
