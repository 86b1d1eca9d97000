package main

import (
	"os"
	"strings"
	"testing"
)

// TestDemoAndAppHaveTheSameFlags compares the Makefile with the app's script. With other
// flags, the CDK CLI would compile the app anew in the demo's deployment.
func TestDemoAndAppHaveTheSameFlags(t *testing.T) {
	for name, want := range map[string][]string{
		"../app.sh": {"\nexport CGO_ENABLED=0\n", "$(GOGC=400 go run -trimpath -exec echo .)"},
		"../../Makefile": {
			"env CGO_ENABLED=0 GOGC=400 go run -trimpath -exec true .\n",
			"env CGO_ENABLED=0 GOGC=400 go build -trimpath -o .build/demo ./local/demo\n",
		},
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, flags := range want {
			if !strings.Contains(string(text), flags) {
				t.Errorf("%s has no %q", name, flags)
			}
		}
	}
}
