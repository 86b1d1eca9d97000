package archive

import (
	"archive/zip"
	"debug/elf"
	"encoding/binary"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
)

// library matches the names of native libraries: x.so, x.so.1.2,
// x.cpython-312-x86_64-linux-gnu.so.
var library = regexp.MustCompile(`\.so(\.[0-9.]+)?$`)

// architectures are Lambda's names of its processors.
var architectures = map[elf.Machine]string{elf.EM_X86_64: "x86_64", elf.EM_AARCH64: "arm64"}

// Foreign returns the first native library or program that is not for the
// architecture, and its own architecture; two empty texts if there is none.
func (a *Archive) Foreign(architecture string) (member, machine string, err error) {
	for _, name := range slices.Sorted(maps.Keys(a.members)) {
		if !a.Has(name) || !library.MatchString(name) && path.Base(name) != "bootstrap" {
			continue
		}
		found, err := machineOf(a.members[name])
		if err != nil {
			return "", "", err
		}
		if found != "" && found != architecture {
			return name, found, nil
		}
	}
	return "", "", nil
}

// extension matches the names of extension modules that one version of Python loads.
var extension = regexp.MustCompile(`\.cpython-(\d)(\d+)-[^/]*\.so$`)

// OtherPython returns an extension module of another version of Python than the given
// one, such as 3.12, and that version. It returns empty texts if one is for the given.
func (a *Archive) OtherPython(version string) (member, other string) {
	for _, name := range slices.Sorted(maps.Keys(a.members)) {
		found := extension.FindStringSubmatch(name)
		if found == nil || !a.Has(name) {
			continue
		}
		switch its := found[1] + "." + found[2]; {
		case its == version:
			return "", ""
		case member == "":
			member, other = name, its
		}
	}
	return member, other
}

// machineOf returns the architecture of a member, "" for a file that is not
// native code.
// https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
func machineOf(member *zip.File) (string, error) {
	reader, err := member.Open()
	if err != nil {
		return "", err
	}
	defer reader.Close()
	var header [20]byte
	if _, err := io.ReadFull(reader, header[:]); err == io.EOF || err == io.ErrUnexpectedEOF {
		return "", nil
	} else if err != nil {
		return "", err
	}
	if string(header[:4]) != elf.ELFMAG {
		return "", nil
	}
	machine := elf.Machine(binary.LittleEndian.Uint16(header[18:])) // both of Lambda's are little-endian
	if name := architectures[machine]; name != "" {
		return name, nil
	}
	return machine.String(), nil
}
