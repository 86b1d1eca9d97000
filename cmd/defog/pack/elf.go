package pack

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

var libraryName = regexp.MustCompile(`\.so(\.[0-9.]+)?$`)

// shown are how many files an error names at most.
const shown = 10

// checkLibraries returns an error that names every native library that is for
// something else than the target.
func checkLibraries(t *tree, target target) error {
	var wrong []string
	err := t.all(func(d *distribution, f *file) error {
		is, about, err := inspect(f)
		switch {
		case err != nil:
			return err
		case !is && !libraryName.MatchString(f.path), is && about.Machine == target.machine() && about.Class == elf.ELFCLASS64:
			return nil
		case !is:
			wrong = append(wrong, fmt.Sprintf("%s of %s %s is no library (not an ELF)", f.path, d.name, d.version))
		default:
			wrong = append(wrong, fmt.Sprintf("%s of %s %s is for %s", f.path, d.name, d.version, about.Machine))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check the native libraries: %w", err)
	}
	if len(wrong) == 0 {
		return nil
	}
	if len(wrong) > shown {
		wrong = append(wrong[:shown], fmt.Sprintf("and %d more", len(wrong)-shown))
	}
	return fmt.Errorf("native libraries that are not for %s (%s): %s", target.arch, target.machine(), strings.Join(wrong, "; "))
}

// inspect reads a file's head, if it is an ELF.
func inspect(f *file) (is bool, head elf.FileHeader, err error) {
	source, err := os.Open(f.source)
	if err != nil {
		return false, head, err
	}
	defer source.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(source, magic); err != nil || string(magic) != elf.ELFMAG {
		return false, head, nil // another file, or one that is shorter than an ELF
	}
	library, err := elf.NewFile(source)
	if err != nil {
		return false, head, err
	}
	return true, library.FileHeader, nil
}

// Where things are in the heads of a 64-bit ELF.
const (
	headSections = 0x28 // offset of the table of sections
	headStrings  = 0x3e // index of the section with the sections' names

	sectionSize   = 64
	sectionOffset = 0x18
)

// dropSymbols returns a 64-bit little-endian ELF without what only debuggers and
// linkers read: the sections that are not loaded, such as .symtab and .debug_info.
//
// No loaded byte moves, unlike with binutils' strip, which breaks libraries that
// patchelf has rearranged. Dropped sections leave an empty entry in the table of
// sections, so that the others keep their numbers.
func dropSymbols(data []byte) ([]byte, error) {
	library, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if library.Class != elf.ELFCLASS64 || library.Data != elf.ELFDATA2LSB || library.Type != elf.ET_DYN {
		return data, nil
	}
	size := uint64(len(data))
	table := binary.LittleEndian.Uint64(data[headSections:])
	count := uint64(len(library.Sections))
	if count == 0 || table > size || count*sectionSize > size-table {
		return data, nil
	}
	var loaded [][2]uint64 // what must stay in its place
	end := uint64(64)
	for _, segment := range library.Progs {
		if segment.Off > size || segment.Filesz > size-segment.Off {
			return nil, errors.New("a segment is outside the file")
		}
		loaded = append(loaded, [2]uint64{segment.Off, segment.Off + segment.Filesz})
		end = max(end, segment.Off+segment.Filesz)
	}
	names := binary.LittleEndian.Uint16(data[headStrings:])
	if int(names) >= len(library.Sections) {
		return data, nil
	}
	if slices.ContainsFunc(loaded, func(at [2]uint64) bool { return overlaps(at, table, count*sectionSize) }) {
		return data, nil
	}
	out := slices.Clone(data[:end])
	headers := slices.Clone(data[table : table+count*sectionSize])
	for i, section := range library.Sections {
		if section.Flags&elf.SHF_ALLOC != 0 || i == int(names) {
			continue
		}
		clear(headers[i*sectionSize : (i+1)*sectionSize])
		if section.Type != elf.SHT_NOBITS {
			zero(out, loaded, section.Offset, section.FileSize)
		}
	}
	text, err := library.Sections[names].Data()
	if err != nil {
		return nil, fmt.Errorf("read the sections' names: %w", err)
	}
	binary.LittleEndian.PutUint64(headers[uint64(names)*sectionSize+sectionOffset:], uint64(len(out)))
	out = append(out, text...)
	out = append(out, make([]byte, -len(out)&7)...)
	binary.LittleEndian.PutUint64(out[headSections:], uint64(len(out)))
	return append(out, headers...), nil
}

// zero blanks what a dropped section leaves between segments, where cutting off
// the end does not reach.
func zero(out []byte, loaded [][2]uint64, offset, length uint64) {
	if slices.ContainsFunc(loaded, func(at [2]uint64) bool { return overlaps(at, offset, length) }) {
		return
	}
	from, to := min(offset, uint64(len(out))), min(offset+length, uint64(len(out)))
	if from < to {
		clear(out[from:to])
	}
}

func overlaps(at [2]uint64, offset, length uint64) bool {
	return at[0] < at[1] && length > 0 && offset < at[1] && at[0] < offset+length
}
