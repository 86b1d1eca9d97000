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

// Where things are in the heads of a 64-bit ELF, and how large they are.
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

// dropSymbols returns a 64-bit little-endian ELF without what only debuggers and
// linkers read: the sections that are not loaded, such as .symtab and .debug_info.
//
// What is loaded keeps its bytes and its address. In the file it moves up by whole
// pages where there is room, as in libraries that patchelf has rearranged, which
// binutils' strip breaks. Dropped sections leave an empty entry in the table of
// sections, so that the others keep their numbers.
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
		return data, nil // it has no table of sections, or one of another kind
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
		return nil, fmt.Errorf("read the sections' names: %w", err)
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

// extent is a part of a file.
type extent struct{ offset, length uint64 }

func (e extent) end() uint64 { return e.offset + e.length }

func (e extent) within(size uint64) bool { return e.offset <= size && e.length <= size-e.offset }

// loadedExtents returns the parts of the file that must stay, in their order and
// apart from each other: the head, the table of segments, and what these load.
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
			return nil, errors.New("a segment is outside the file")
		}
		if last := len(joined) - 1; last >= 0 && part.offset <= joined[last].end() {
			joined[last].length = max(joined[last].end(), part.end()) - joined[last].offset
		} else if part.length > 0 {
			joined = append(joined, part)
		}
	}
	return joined, nil
}

// pageSize is what offsets may change by: addresses and offsets must agree modulo
// a segment's alignment.
func pageSize(library *elf.File) uint64 {
	page := uint64(1 << 12)
	for _, segment := range library.Progs {
		page = max(page, segment.Align)
	}
	return page
}

// moved is a part of a file that is nearer to its start by so many bytes.
type moved struct {
	extent
	by uint64
}

type moves []moved

// pull moves each part up to the one before, by whole pages.
func pull(parts []extent, page uint64) (all moves) {
	var by, end uint64
	for _, part := range parts {
		by += (part.offset - end) / page * page
		end = part.end()
		all = append(all, moved{part, by})
	}
	return all
}

// by returns how far an offset moves: as the part does that it is in, or behind.
func (m moves) by(offset uint64) (by uint64) {
	for _, part := range m {
		if part.offset <= offset {
			by = part.by
		}
	}
	return by
}

// shift changes the offset at the beginning of data.
func shift(data []byte, m moves) {
	offset := binary.LittleEndian.Uint64(data)
	binary.LittleEndian.PutUint64(data, offset-m.by(offset))
}
