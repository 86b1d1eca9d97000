package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"

	"defog-cdk/internal/release"
)

// The newest version in CHANGELOG.md is the program's. Versions fall and have dates.
func TestChangelogHasVersion(t *testing.T) {
	changelog, err := os.ReadFile("../../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	released := slices.DeleteFunc(sections(string(changelog)), func(s section) bool { return s.version == "Unreleased" })
	if len(released) < 2 || released[0].version != release.Version {
		t.Fatalf("the newest of %d sections is not that of %s", len(released), release.Version)
	}
	var newer *semver.Version
	for _, s := range released {
		version, err := semver.StrictNewVersion(s.version)
		if err != nil {
			t.Fatalf("%s: %v", s.version, err)
		}
		if _, err := time.Parse(time.DateOnly, s.date); err != nil {
			t.Errorf("%s: %v", s.version, err)
		}
		if newer != nil && !version.LessThan(newer) {
			t.Errorf("%s follows %s", version, newer)
		}
		newer = version
	}
	var notes strings.Builder
	if err := run([]string{"v" + release.Version}, string(changelog), &notes); err != nil || !strings.Contains(notes.String(), "\n### ") && !strings.HasPrefix(notes.String(), "### ") {
		t.Errorf("%v in %s", err, notes.String())
	}
}

func TestNotesAreThoseOfTag(t *testing.T) {
	changelog := "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Next.\n\n## [" + release.Version + "] - 2026-11-29\n\n### Added\n\n- This.\n\n## [0.0.1] - 2026-11-25\n\n- Old.\n"
	var notes strings.Builder
	if err := run([]string{"v" + release.Version}, changelog, &notes); err != nil || notes.String() != "### Added\n\n- This.\n" {
		t.Errorf("%v in %q", err, notes.String())
	}
	for want, args := range map[string][]string{
		"0 arguments; want the tag, such as v" + release.Version:                               nil,
		"the tag v9.9.9 is not the version in internal/release; want v" + release.Version:      {"v9.9.9"},
		"the tag 0.2.0 is not the version":                                                     {"0.2.0"},
		"CHANGELOG.md: has no section of " + release.Version + "; want ## [" + release.Version: {"v" + release.Version},
	} {
		if err := run(args, "# Changelog\n", &notes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %s", args, err, want)
		}
	}
}
