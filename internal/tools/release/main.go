// Command release checks that a tag names the version of this checkout, and prints
// the section of CHANGELOG.md about that version:
//
//	go run ./internal/tools/release v0.2.0
package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"defog-cdk/internal/release"
)

func main() {
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err == nil {
		err = run(os.Args[1:], string(changelog), os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string, changelog string, notes io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%d arguments; want the tag, such as v%s", len(args), release.Version)
	}
	if args[0] != "v"+release.Version {
		return fmt.Errorf("the tag %s is not the version in internal/release; want v%s", args[0], release.Version)
	}
	for _, section := range sections(changelog) {
		if section.version == release.Version {
			_, err := io.WriteString(notes, section.text)
			return err
		}
	}
	return fmt.Errorf("CHANGELOG.md: has no section of %s; want ## [%[1]s] and its date", release.Version)
}

// section is what a changelog has about a version.
type section struct{ version, date, text string }

var heading = regexp.MustCompile(`(?m)^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$`)

// sections returns the sections of a changelog from the newest to the oldest version.
// https://keepachangelog.com/en/1.1.0/
func sections(changelog string) (all []section) {
	headings := heading.FindAllStringSubmatchIndex(changelog, -1)
	for i, at := range headings {
		end := len(changelog)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		s := section{version: changelog[at[2]:at[3]], text: strings.TrimSpace(changelog[at[1]:end]) + "\n"}
		if at[4] >= 0 {
			s.date = changelog[at[4]:at[5]]
		}
		all = append(all, s)
	}
	return all
}
