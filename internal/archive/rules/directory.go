package rules

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
)

// A zip ends with its central directory: one entry per member, then the end
// record with the directory's offset. If 32 bits do not suffice, a zip64 record
// and its locator stand between them. Numbers are little endian.
// The layout is that of PKWARE's APPNOTE.TXT, sections 4.3.12 to 4.3.16.
const (
	entrySignature   = "PK\x01\x02"
	endSignature     = "PK\x05\x06"
	end64Signature   = "PK\x06\x06"
	locatorSignature = "PK\x06\x07"

	entrySize   = 46
	endSize     = 22
	end64Size   = 56
	locatorSize = 20

	zip64Extra = 0x0001
)

// Directory is the position of the central directory in the zip.
type Directory struct {
	Offset, Size int64
	members      int
}

// Locate finds the central directory of a zip of the given size. tail holds the
// zip's last bytes: all of them, or at least [TailSize].
func Locate(tail []byte, size int64) (Directory, error) {
	at := lastEndRecord(tail)
	if at < 0 {
		return Directory{}, Refuse("not a zip, or truncated: the end of the central directory is missing")
	}
	end := fields(tail[at+4:])
	disk, firstDisk := end.uint16(), end.uint16()
	here, members := int64(end.uint16()), int64(end.uint16())
	length, offset := int64(end.uint32()), int64(end.uint32())
	tailStart := size - int64(len(tail))

	if locator := at - locatorSize; locator >= 0 && string(tail[locator:locator+4]) == locatorSignature {
		where := fields(tail[locator+8:])
		at64 := where.int64() - tailStart
		if at64 < 0 || at64 > int64(locator-end64Size) || string(tail[at64:at64+4]) != end64Signature {
			return Directory{}, Refuse("the zip64 locator points to no zip64 record")
		}
		end64 := fields(tail[at64+4:])
		if end64.int64() != int64(locator)-at64-12 {
			return Directory{}, Refuse("the zip64 record has an invalid length")
		}
		end64.skip(4) // versions
		disk, firstDisk = uint16(min(end64.uint32(), 1)), uint16(min(end64.uint32(), 1))
		here, members = end64.int64(), end64.int64()
		length, offset = end64.int64(), end64.int64()
		at = int(at64)
	}

	until := tailStart + int64(at)
	switch {
	case disk != 0 || firstDisk != 0 || here != members:
		return Directory{}, Refuse("the zip is one part of several; want one file")
	case members > maxMembers:
		return Directory{}, Refuse("the zip has %d members; want at most %d", members, maxMembers)
	case length > maxDirectorySize:
		return Directory{}, Refuse("the central directory has %d bytes; want at most %d", length, maxDirectorySize)
	case offset > until || length != until-offset:
		return Directory{}, Refuse("the central directory is not at the offset in the end record; want a zip without bytes in front")
	}
	return Directory{Offset: offset, Size: length, members: int(members)}, nil
}

// lastEndRecord returns the index of the last end record whose comment ends at
// the zip's end, or -1.
func lastEndRecord(tail []byte) int {
	for at := len(tail) - endSize; at >= 0 && at >= len(tail)-endSize-math.MaxUint16; at-- {
		if string(tail[at:at+4]) == endSignature &&
			int(binary.LittleEndian.Uint16(tail[at+endSize-2:])) == len(tail)-at-endSize {
			return at
		}
	}
	return -1
}

// Member is one entry of the central directory.
type Member struct {
	Name       string // as the zip has it
	Path       string // below the target folder; set by LayOut
	Kind       Kind
	Executable bool
	Described  bool // CRC and sizes follow the data and are not in the local header
	Method     uint16
	CRC        uint32
	Compressed int64
	Size       int64
	Offset     int64 // of the local header
	Limit      int64 // offset of what follows: another member or the directory; set by LayOut
}

// Mode returns the mode that the extracted file gets: 0755 or 0644.
func (m *Member) Mode() fs.FileMode {
	if m.Executable {
		return 0o755
	}
	return 0o644
}

// Kind is what a member becomes when it is extracted.
type Kind uint8

// The kinds. An Implied folder has no entry: only other members' paths name it.
const (
	Implied Kind = iota
	Folder
	File
	Link
)

// The compression methods that Lambda and the function support.
const (
	Stored  = 0
	Deflate = 8
)

const (
	flagEncrypted  = 1<<0 | 1<<6 | 1<<13
	flagDescribed  = 1 << 3
	flagPatch      = 1 << 5
	creatorUnix    = 3
	creatorDarwin  = 19
	modeType       = 0o170000
	modeFolder     = 0o040000
	modeFile       = 0o100000
	modeLink       = 0o120000
	modeExecutable = 0o111
)

// Parse reads the members from the directory's bytes, in their order. The error
// joins a [RefusedError] for each member that cannot be extracted. [LayOut]
// checks paths, sizes and offsets.
func (d Directory) Parse(data []byte) ([]Member, error) {
	members := make([]Member, 0, min(d.members, len(data)/entrySize))
	var refused refusals
	for i := range d.members {
		if len(data) < entrySize || string(data[:4]) != entrySignature {
			return nil, Refuse("the central directory is broken after %d of %d members", i, d.members)
		}
		rest := fields(data[28:])
		name, extra, comment := int(rest.uint16()), int(rest.uint16()), int(rest.uint16())
		if len(data) < entrySize+name+extra+comment {
			return nil, Refuse("the central directory ends inside member %d of %d", i+1, d.members)
		}
		m, err := parseEntry(data[:entrySize], string(data[entrySize:entrySize+name]),
			data[entrySize+name:entrySize+name+extra])
		if refused.add(err) {
			break
		}
		if err == nil {
			members = append(members, m)
		}
		data = data[entrySize+name+extra+comment:]
	}
	if len(data) > 0 && len(refused) == 0 {
		return nil, Refuse("the central directory has %d bytes after its last member", len(data))
	}
	return members, refused.err()
}

func parseEntry(header []byte, name string, extra []byte) (Member, error) {
	in := fields(header[4:])
	creator := in.uint16() >> 8
	in.skip(2) // version needed
	flags, method := in.uint16(), in.uint16()
	in.skip(4) // time and date
	crc := in.uint32()
	compressed, size := int64(in.uint32()), int64(in.uint32())
	in.skip(6) // lengths of name, extra and comment
	disk := in.uint16()
	in.skip(2) // internal attributes
	attributes := in.uint32()
	offset := int64(in.uint32())

	if err := widen(extra, &size, &compressed, &offset); err != nil {
		return Member{}, RefuseMember(name, "%s", err)
	}
	switch {
	case flags&flagEncrypted != 0:
		return Member{}, refuseUnless(name, "a zip without a password", "is encrypted")
	case flags&flagPatch != 0:
		return Member{}, RefuseMember(name, "is a patch")
	case method != Stored && method != Deflate:
		return Member{}, refuseUnless(name, "stored or DEFLATE", "is compressed by %s", methodName(method))
	case disk != 0 && disk != math.MaxUint16:
		return Member{}, RefuseMember(name, "is on another disk")
	}

	m := Member{
		Name: name, Method: method, CRC: crc, Described: flags&flagDescribed != 0,
		Compressed: compressed, Size: size, Offset: offset,
	}
	var mode uint32
	if creator == creatorUnix || creator == creatorDarwin {
		mode = attributes >> 16
	}
	var err error
	m.Kind, err = kindOf(name, mode)
	m.Executable = mode&modeExecutable != 0
	return m, err
}

// widen replaces values of all ones by those of the zip64 extra field, which
// holds them in this order.
func widen(extra []byte, values ...*int64) error {
	var wide fields
	for in := fields(extra); len(in) >= 4; {
		id, length := in.uint16(), int(in.uint16())
		if length > len(in) {
			return errors.New("has a broken extra field")
		}
		if id == zip64Extra {
			wide = in[:length]
			break
		}
		in.skip(length)
	}
	for _, value := range values {
		if *value != math.MaxUint32 {
			continue
		}
		if len(wide) < 8 {
			return errors.New("has no zip64 size or offset")
		}
		*value = wide.int64()
	}
	return nil
}

func kindOf(name string, mode uint32) (Kind, error) {
	slash := len(name) > 0 && name[len(name)-1] == '/'
	switch mode & modeType {
	case 0, modeFile, modeFolder:
		if slash {
			return Folder, nil
		}
		if mode&modeType == modeFolder {
			return 0, RefuseMember(name, "has a folder's mode and a file's name")
		}
		return File, nil
	case modeLink:
		if slash {
			return 0, RefuseMember(name, "has a link's mode and a folder's name")
		}
		return Link, nil
	default:
		return 0, refuseUnless(name, "files, folders and links", "is a device, a pipe or a socket")
	}
}

// fields is a buffer that little-endian numbers are taken from.
type fields []byte

func (f *fields) uint16() uint16 {
	v := binary.LittleEndian.Uint16(*f)
	*f = (*f)[2:]
	return v
}

func (f *fields) uint32() uint32 {
	v := binary.LittleEndian.Uint32(*f)
	*f = (*f)[4:]
	return v
}

// int64 takes an unsigned number of 64 bits. It returns the largest int64 for a
// larger one: both exceed every limit.
func (f *fields) int64() int64 {
	v := binary.LittleEndian.Uint64(*f)
	*f = (*f)[8:]
	return int64(min(v, math.MaxInt64))
}

func (f *fields) skip(n int) { *f = (*f)[n:] }

// LocalHeaderSize is the size of a local header before the member's name.
const LocalHeaderSize = 30

const localSignature = "PK\x03\x04"

// CheckLocalHeader compares a local header, of [LocalHeaderSize] bytes and the
// member's name, with the central directory. It returns the length of the extra
// field between the header and the data.
func CheckLocalHeader(header []byte, m *Member) (extra int64, err error) {
	if string(header[:4]) != localSignature {
		return 0, RefuseMember(m.Name, "has no local header at its offset")
	}
	in := fields(header[6:])
	flags, method := in.uint16(), in.uint16()
	in.skip(4) // time and date
	crc, compressed, size := in.uint32(), in.uint32(), in.uint32()
	nameLength, extraLength := int(in.uint16()), int64(in.uint16())
	agrees := func(local uint32, central int64) bool {
		return m.Described || local == ^uint32(0) || int64(local) == central
	}
	switch {
	case flags&flagEncrypted != 0:
		return 0, RefuseMember(m.Name, "is encrypted by its local header")
	case method != m.Method || !agrees(compressed, m.Compressed) || !agrees(size, m.Size) || !m.Described && crc != m.CRC,
		nameLength != len(m.Name) || string(header[LocalHeaderSize:]) != m.Name:
		return 0, RefuseMember(m.Name, "has a local header that contradicts the central directory")
	case m.Offset+int64(len(header))+extraLength+m.Compressed > m.Limit:
		return 0, RefuseMember(m.Name, "overlaps the next member")
	}
	return extraLength, nil
}
