package archive

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// Lambda keeps the modes in a zip of code, and runs the function as a user who owns
// none of the files. These are that user's permissions.
// https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
const (
	readable   = 0o004
	executable = 0o001
)

// CheckReadable returns an error for members that Lambda's user cannot read: files
// without the permission to read, folders without the permission to read and
// enter.
func (a *Archive) CheckReadable() error {
	found := map[violation][]string{}
	var order []violation
	for _, name := range slices.Sorted(maps.Keys(a.members)) {
		mode := modeOf(a.members[name])
		needed, want := fs.FileMode(readable), "a mode such as 0644 in the zip"
		switch {
		case mode == 0, mode&fs.ModeSymlink != 0: // a link's mode has no effect
			continue
		case mode.IsDir():
			needed, want = readable|executable, "a mode such as 0755 in the zip"
		}
		if mode.Perm()&needed == needed {
			continue
		}
		reason := violation{fmt.Sprintf("Lambda's user cannot read it (mode %04o)", mode.Perm()), want}
		if found[reason] == nil {
			order = append(order, reason)
		}
		found[reason] = append(found[reason], name)
	}
	var all []error
	for _, reason := range order {
		all = append(all, reason.about(found[reason]))
	}
	return errors.Join(all...)
}

// modeOf returns the Unix mode of a member, 0 if the zip has none.
func modeOf(member *zip.File) fs.FileMode {
	const unix, darwin = 3, 19
	creator := member.CreatorVersion >> 8
	if creator != unix && creator != darwin || member.ExternalAttrs>>16 == 0 {
		return 0
	}
	return member.Mode()
}

// CheckProgram returns an error if Lambda cannot start the member as a program. A
// program is executable, and native code or a script with a valid first line.
func (a *Archive) CheckProgram(name string) error {
	member := a.members[name]
	if mode := modeOf(member); mode != 0 && mode.Perm()&executable == 0 {
		return fmt.Errorf("member %q: not executable for Lambda's user (mode %04o); want the mode 0755 in the zip", name, mode.Perm())
	}
	reader, err := member.Open()
	if err != nil {
		return err
	}
	defer reader.Close()
	start, err := io.ReadAll(io.LimitReader(reader, 256)) // the kernel reads no more
	if err != nil {
		return err
	}
	line, _, _ := bytes.Cut(start, []byte("\n"))
	switch {
	case bytes.HasPrefix(start, []byte(elf.ELFMAG)):
		return nil
	case bytes.HasPrefix(start, []byte("\xEF\xBB\xBF")):
		return fmt.Errorf("member %q: begins with a byte order mark, which Lambda cannot start; want UTF-8 without it", name)
	case !bytes.HasPrefix(start, []byte("#!")):
		return fmt.Errorf("member %q: neither a native program nor a script; want a first line such as #!/bin/sh", name)
	case bytes.HasSuffix(line, []byte("\r")):
		return fmt.Errorf("member %q: lines end in CRLF, so that Lambda does not find its interpreter; want LF", name)
	}
	return nil
}
