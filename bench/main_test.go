package main

import (
	"os"
	"strings"
	"testing"
)

// outputs are results of all benchmarks.
func outputs() map[string]string {
	all := map[string]string{}
	for _, b := range benchmarks {
		all[b.command] = "result of " + b.command + "\n\n"
	}
	return all
}

func TestPageHasEveryResult(t *testing.T) {
	text, err := render("a machine", outputs())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range benchmarks {
		if want := "go run ./bench/" + b.command + "\n```\n\nresult of " + b.command + "\n"; strings.Count(string(text), want) != 1 {
			t.Errorf("the page has no %q:\n%s", want, text)
		}
	}

	missing := outputs()
	delete(missing, benchmarks[0].command)
	if _, err := render("a machine", missing); err == nil {
		t.Error("a page without a result is written")
	}
	more := outputs()
	more["speed"] = "fast"
	if _, err := render("a machine", more); err == nil {
		t.Error("a page that leaves speed out is written")
	}
}

// Every program below this folder is a benchmark of the page, or serves one. The
// exception is model, which downloads a language model: make small-model runs it.
func TestPageHasEveryProgram(t *testing.T) {
	run := map[string]bool{"seed": true, "stage": true, "table": true, "model": true}
	for _, b := range benchmarks {
		run[strings.Fields(b.command)[0]] = true
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && !run[entry.Name()] {
			t.Errorf("bench/%s is not among the benchmarks of main.go", entry.Name())
		}
	}
}
