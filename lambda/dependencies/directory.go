package dependencies

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
)

// A zip ends with its central directory: one entry a member, then the end
// record that says where the directory begins, with a zip64 record and its
// locator in between where 32 bits do not suffice. Numbers are little endian.
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

	// What no set of dependencies comes near, and memory still holds.
	maxMembers       = 100_000
	maxDirectorySize = 16 << 20
)

// directory says where the central directory is in the object.
type directory struct {
	offset, size int64
	members      int
}

// locate finds the central directory of an object of that size from its last
// bytes.
func locate(tail []byte, size int64) (directory, error) {
	at := lastEndRecord(tail)
	if at < 0 {
		return directory{}, refuse("the object is not a zip or was cut off: it has no end of central directory")
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
			return directory{}, refuse("the zip64 locator points to no zip64 record")
		}
		end64 := fields(tail[at64+4:])
		if end64.int64() != int64(locator)-at64-12 {
			return directory{}, refuse("the zip64 record has a wrong length")
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
		return directory{}, refuse("the zip is one part of several")
	case members > maxMembers:
		return directory{}, refuse("the zip has %d members, more than %d", members, maxMembers)
	case length > maxDirectorySize:
		return directory{}, refuse("the central directory has %d bytes, more than %d", length, maxDirectorySize)
	case offset > until || length != until-offset:
		return directory{}, refuse("the central directory is not where the end record says")
	}
	return directory{offset: offset, size: length, members: int(members)}, nil
}

// lastEndRecord returns the index of the last end record whose comment ends
// where the zip does, or -1.
func lastEndRecord(tail []byte) int {
	for at := len(tail) - endSize; at >= 0 && at >= len(tail)-endSize-math.MaxUint16; at-- {
		if string(tail[at:at+4]) == endSignature &&
			int(binary.LittleEndian.Uint16(tail[at+endSize-2:])) == len(tail)-at-endSize {
			return at
		}
	}
	return -1
}

// member is one entry of the central directory.
type member struct {
	name       string // as the zip has it
	path       string // below the target; place fills it in
	kind       kind
	executable bool
	described  bool // its CRC and sizes follow its data and are not in its local header
	method     uint16
	crc        uint32
	compressed int64
	size       int64
	offset     int64 // of its local header
	limit      int64 // of what comes next: another member, or the directory
}

// mode is that of the member's file.
func (m *member) mode() os.FileMode {
	if m.executable {
		return 0o755
	}
	return 0o644
}

// kind is what a member becomes.
type kind uint8

const (
	implied kind = iota // a folder that only others' paths name
	folder
	file
	link
)

// The parts of an entry that matter here.
const (
	methodStored  = 0
	methodDeflate = 8

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

// parse reads the directory's bytes into its members, in its order. It refuses
// what this package does not extract; paths, sizes and offsets are layOut's to
// judge.
func (d directory) parse(data []byte) ([]member, error) {
	members := make([]member, 0, min(d.members, len(data)/entrySize))
	for range d.members {
		if len(data) < entrySize || string(data[:4]) != entrySignature {
			return nil, refuse("the central directory is broken after %d of %d members", len(members), d.members)
		}
		rest := fields(data[28:])
		name, extra, comment := int(rest.uint16()), int(rest.uint16()), int(rest.uint16())
		if len(data) < entrySize+name+extra+comment {
			return nil, refuse("the central directory ends inside member %d of %d", len(members)+1, d.members)
		}
		m, err := parseEntry(data[:entrySize], string(data[entrySize:entrySize+name]),
			data[entrySize+name:entrySize+name+extra])
		if err != nil {
			return nil, err
		}
		members = append(members, m)
		data = data[entrySize+name+extra+comment:]
	}
	if len(data) > 0 {
		return nil, refuse("the central directory has %d bytes after its last member", len(data))
	}
	return members, nil
}

func parseEntry(header []byte, name string, extra []byte) (member, error) {
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
		return member{}, refuseMember(name, "%s", err)
	}
	switch {
	case flags&flagEncrypted != 0:
		return member{}, refuseMember(name, "is encrypted")
	case flags&flagPatch != 0:
		return member{}, refuseMember(name, "is a patch")
	case method != methodStored && method != methodDeflate:
		return member{}, refuseMember(name, "is compressed by %s; stored and DEFLATE are supported", methodName(method))
	case disk != 0 && disk != math.MaxUint16:
		return member{}, refuseMember(name, "is on another disk")
	}

	m := member{
		name: name, method: method, crc: crc, described: flags&flagDescribed != 0,
		compressed: compressed, size: size, offset: offset,
	}
	var mode uint32
	if creator == creatorUnix || creator == creatorDarwin {
		mode = attributes >> 16
	}
	var err error
	m.kind, err = kindOf(name, mode)
	m.executable = mode&modeExecutable != 0
	return m, err
}

// widen replaces the values that are all ones by those of the zip64 extra
// field, which holds them in this order.
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
			return errors.New("lacks a zip64 size or offset")
		}
		*value = wide.int64()
	}
	return nil
}

func kindOf(name string, mode uint32) (kind, error) {
	slash := len(name) > 0 && name[len(name)-1] == '/'
	switch mode & modeType {
	case 0, modeFile, modeFolder:
		if slash {
			return folder, nil
		}
		if mode&modeType == modeFolder {
			return 0, refuseMember(name, "is a folder by its mode and a file by its name")
		}
		return file, nil
	case modeLink:
		if slash {
			return 0, refuseMember(name, "is a link by its mode and a folder by its name")
		}
		return link, nil
	default:
		return 0, refuseMember(name, "is a device, a pipe or a socket")
	}
}

// fields takes little-endian numbers off its front.
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

// int64 takes an unsigned number of 64 bits. One that has no place in an int64
// is beyond every limit anyway, and so is what it returns for it.
func (f *fields) int64() int64 {
	v := binary.LittleEndian.Uint64(*f)
	*f = (*f)[8:]
	return int64(min(v, math.MaxInt64))
}

func (f *fields) skip(n int) { *f = (*f)[n:] }
