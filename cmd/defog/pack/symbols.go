package pack

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Offsets and sizes in the headers of a 64-bit ELF file.
const (
	headSize     = 64
	headSegments = 0x20 // offset of the table of segments
	headSections = 0x28 // offset of the table of sections
	headStrings  = 0x3e // index of the section with the sections' names

	segmentSize   = 56
	segmentOffset = 0x08
	sectionSize   = 64
	sectionOffset = 0x18
)

// dropSymbols returns a 64-bit little-endian ELF file without the sections that only
// debuggers and linkers read, such as .symtab and .debug_info.
//
// Loaded parts keep their bytes and their addresses. In the file they move up by
// whole pages where there is a gap, as patchelf leaves one; strip of binutils breaks
// such files. A dropped section leaves an empty entry in the
// section table, so that the others keep their numbers.
func dropSymbols(data []byte) ([]byte, error) {
	library, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	size := uint64(len(data))
	if library.Class != elf.ELFCLASS64 || library.Data != elf.ELFDATA2LSB || library.Type != elf.ET_DYN || size < headSize {
		return data, nil
	}
	segments := extent{binary.LittleEndian.Uint64(data[headSegments:]), uint64(len(library.Progs)) * segmentSize}
	sections := extent{binary.LittleEndian.Uint64(data[headSections:]), uint64(len(library.Sections)) * sectionSize}
	names := int(binary.LittleEndian.Uint16(data[headStrings:]))
	if !segments.within(size) || !sections.within(size) || names >= len(library.Sections) {
		return data, nil // without a section table, or with an unknown one
	}
	loaded, err := loadedExtents(library, segments, size)
	if err != nil {
		return nil, err
	}
	packed := pull(loaded, pageSize(library))
	var out []byte
	for _, m := range packed {
		out = append(out, make([]byte, m.offset-m.by-uint64(len(out)))...)
		out = append(out, data[m.offset:m.end()]...)
	}
	for i := range library.Progs {
		shift(out[segments.offset-packed.by(segments.offset)+uint64(i)*segmentSize+segmentOffset:], packed)
	}
	shift(out[headSegments:], packed)

	table := slices.Clone(data[sections.offset:sections.end()])
	for i, section := range library.Sections {
		entry := table[i*sectionSize : (i+1)*sectionSize]
		if section.Flags&elf.SHF_ALLOC != 0 {
			shift(entry[sectionOffset:], packed)
		} else if i != names {
			clear(entry)
		}
	}
	text, err := library.Sections[names].Data()
	if err != nil {
		return nil, fmt.Errorf("read the names of the sections: %w", err)
	}
	binary.LittleEndian.PutUint64(table[names*sectionSize+sectionOffset:], uint64(len(out)))
	out = append(out, text...)
	out = append(out, make([]byte, -len(out)&7)...)
	binary.LittleEndian.PutUint64(out[headSections:], uint64(len(out)))
	out = append(out, table...)
	if len(out) >= len(data) {
		return data, nil
	}
	return out, nil
}

// extent is a range of a file.
type extent struct{ offset, length uint64 }

func (e extent) end() uint64 { return e.offset + e.length }

func (e extent) within(size uint64) bool { return e.offset <= size && e.length <= size-e.offset }

// loadedExtents returns the ranges of the file that must remain, sorted and without
// overlaps: the header, the segment table and the segments.
func loadedExtents(library *elf.File, segments extent, size uint64) ([]extent, error) {
	parts := []extent{{0, headSize}, segments}
	for _, segment := range library.Progs {
		parts = append(parts, extent{segment.Off, segment.Filesz})
	}
	for _, section := range library.Sections {
		if section.Flags&elf.SHF_ALLOC != 0 && section.Type != elf.SHT_NOBITS {
			parts = append(parts, extent{section.Offset, section.FileSize})
		}
	}
	slices.SortFunc(parts, func(a, b extent) int { return cmp.Compare(a.offset, b.offset) })
	var joined []extent
	for _, part := range parts {
		if !part.within(size) {
			return nil, errors.New("a segment exceeds the file")
		}
		if last := len(joined) - 1; last >= 0 && part.offset <= joined[last].end() {
			joined[last].length = max(joined[last].end(), part.end()) - joined[last].offset
		} else if part.length > 0 {
			joined = append(joined, part)
		}
	}
	return joined, nil
}

// pageSize returns the unit by which offsets may change: address and offset must
// agree modulo a segment's alignment.
func pageSize(library *elf.File) uint64 {
	page := uint64(1 << 12)
	for _, segment := range library.Progs {
		page = max(page, segment.Align)
	}
	return page
}

// moved is a range of a file that moves towards its start by some bytes.
type moved struct {
	extent
	by uint64
}

type moves []moved

// pull moves each range up to the previous one, by whole pages.
func pull(parts []extent, page uint64) (all moves) {
	var by, end uint64
	for _, part := range parts {
		by += (part.offset - end) / page * page
		end = part.end()
		all = append(all, moved{part, by})
	}
	return all
}

// by returns the distance by which an offset moves: that of the last range that
// begins before it.
func (m moves) by(offset uint64) (by uint64) {
	for _, part := range m {
		if part.offset <= offset {
			by = part.by
		}
	}
	return by
}

// shift updates the offset at the beginning of data.
func shift(data []byte, m moves) {
	offset := binary.LittleEndian.Uint64(data)
	binary.LittleEndian.PutUint64(data, offset-m.by(offset))
}
