package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestDemoAndAppHaveTheSameFlags compares the Makefile with cdk.json. With other
// flags, the CDK CLI would compile the app anew in the demo's deployment.
func TestDemoAndAppHaveTheSameFlags(t *testing.T) {
	var file struct{ App string }
	data, err := os.ReadFile("../../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	app := strings.Replace(file.App, "go run", "GOGC=400 go run", 1)
	app = strings.TrimSuffix(app, " .") + " -exec true .\n"
	if !strings.Contains(string(makefile), app) {
		t.Errorf("the Makefile has no %q", app)
	}
	if !strings.Contains(string(makefile), "env CGO_ENABLED=0 GOGC=400 go build -trimpath -o .build/demo ./local/demo\n") {
		t.Error("the demo has other flags than the function")
	}
}
