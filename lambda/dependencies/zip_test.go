package dependencies

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"math"

	"defog-cdk/internal/archive/rules"
)

// The numbers and signatures of a zip, as in APPNOTE.TXT.
const (
	methodStored  = rules.Stored
	methodDeflate = rules.Deflate
	flagDescribed = 1 << 3
	flagPatch     = 1 << 5
	creatorUnix   = 3
	zip64Extra    = 0x0001
	entrySize     = 46
	end64Size     = 56
	endSignature  = "PK\x05\x06"
)

// archive describes a zip in detail, so that tests can create invalid ones.
type archive struct {
	entries []entry
	comment string
	zip64   bool // with a zip64 end record
	before  string
	between string // members and directory
	after   string
	end     func(*endRecord)
	central func([]byte) []byte // changes the directory's bytes
}

type entry struct {
	name    string
	data    string
	method  uint16
	mode    uint32 // of Unix; 0 means a file written by DOS
	flags   uint16
	extra   string // in the local header
	gap     string // after the data
	zip64   bool   // sizes and offset in the zip64 extra field
	trailer bool   // sizes in a data descriptor

	// Overrides; nil for the correct value.
	raw    []byte        // compressed data
	lie    func(*record) // changes the central entry
	local  func(*record) // changes the local header
	offset *uint64
}

// record holds the fields of a local header or a central entry.
type record struct {
	name             string
	flags, method    uint16
	crc              uint32
	compressed, size uint64
}

type endRecord struct {
	disk, firstDisk uint16
	here, members   uint64
	length, offset  uint64
}

var le = binary.LittleEndian

func deflate(data string) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestSpeed)
	_, _ = w.Write([]byte(data)) // bytes.Buffer returns no error
	w.Close()
	return out.Bytes()
}

func (a archive) bytes() []byte {
	out := []byte(a.before)
	var central []byte
	for _, e := range a.entries {
		offset := uint64(len(out))
		r := e.record()
		local := r
		if e.trailer {
			local.crc, local.compressed, local.size = 0, 0, 0
		}
		if e.local != nil {
			e.local(&local)
		}
		out = local.header(out, e)
		out = append(out, e.raw...)
		if e.raw == nil {
			out = append(out, e.packed()...)
		}
		if e.trailer {
			out = le.AppendUint32(append(out, "PK\x07\x08"...), r.crc)
			out = le.AppendUint32(out, uint32(r.compressed))
			out = le.AppendUint32(out, uint32(r.size))
		}
		out = append(out, e.gap...)
		if e.lie != nil {
			e.lie(&r)
		}
		if e.offset != nil {
			offset = *e.offset
		}
		central = r.entry(central, e, offset)
	}
	out = append(out, a.between...)
	if a.central != nil {
		central = a.central(central)
	}
	n := uint64(len(a.entries))
	end := endRecord{here: n, members: n, length: uint64(len(central)), offset: uint64(len(out))}
	if a.end != nil {
		a.end(&end)
	}
	return append(end.append(append(out, central...), a), a.after...)
}

func (e entry) packed() []byte {
	if e.method == methodDeflate {
		return deflate(e.data)
	}
	return []byte(e.data)
}

func (e entry) record() record {
	packed := e.raw
	if packed == nil {
		packed = e.packed()
	}
	flags := e.flags
	if e.trailer {
		flags |= flagDescribed
	}
	return record{
		name: e.name, flags: flags, method: e.method, crc: crc32.ChecksumIEEE([]byte(e.data)),
		compressed: uint64(len(packed)), size: uint64(len(e.data)),
	}
}

func (r record) header(out []byte, e entry) []byte {
	compressed, size, extra := uint32(r.compressed), uint32(r.size), []byte(e.extra)
	if e.zip64 {
		extra = le.AppendUint16(le.AppendUint16(extra, zip64Extra), 16)
		extra = le.AppendUint64(le.AppendUint64(extra, r.size), r.compressed)
		compressed, size = math.MaxUint32, math.MaxUint32
	}
	out = le.AppendUint16(append(out, "PK\x03\x04"...), 20)
	out = le.AppendUint16(le.AppendUint16(out, r.flags), r.method)
	out = le.AppendUint32(le.AppendUint32(out, 0), r.crc)
	out = le.AppendUint32(le.AppendUint32(out, compressed), size)
	out = le.AppendUint16(le.AppendUint16(out, uint16(len(r.name))), uint16(len(extra)))
	return append(append(out, r.name...), extra...)
}

func (r record) entry(out []byte, e entry, at uint64) []byte {
	compressed, size, offset := uint32(r.compressed), uint32(r.size), uint32(at)
	extra := []byte{0xfe, 0xca, 2, 0, 'h', 'i'} // an unknown extra field
	if e.zip64 {
		extra = le.AppendUint16(le.AppendUint16(extra, zip64Extra), 24)
		extra = le.AppendUint64(le.AppendUint64(le.AppendUint64(extra, r.size), r.compressed), at)
		compressed, size, offset = math.MaxUint32, math.MaxUint32, math.MaxUint32
	}
	creator := uint16(0)
	if e.mode != 0 {
		creator = creatorUnix << 8
	}
	out = le.AppendUint16(le.AppendUint16(append(out, "PK\x01\x02"...), creator), 20)
	out = le.AppendUint16(le.AppendUint16(out, r.flags), r.method)
	out = le.AppendUint32(le.AppendUint32(out, 0), r.crc)
	out = le.AppendUint32(le.AppendUint32(out, compressed), size)
	out = le.AppendUint16(le.AppendUint16(out, uint16(len(r.name))), uint16(len(extra)))
	out = append(out, 0, 0, 0, 0, 0, 0) // comment, disk, internal attributes
	out = le.AppendUint32(le.AppendUint32(out, e.mode<<16), offset)
	return append(append(out, r.name...), extra...)
}

func (end endRecord) append(out []byte, a archive) []byte {
	here, members, length, offset := uint16(end.here), uint16(end.members), uint32(end.length), uint32(end.offset)
	if a.zip64 {
		at := uint64(len(out))
		out = le.AppendUint64(append(out, "PK\x06\x06"...), end64Size-12)
		out = append(out, 45, 3, 45, 0)
		out = le.AppendUint32(le.AppendUint32(out, uint32(end.disk)), uint32(end.firstDisk))
		out = le.AppendUint64(le.AppendUint64(out, end.here), end.members)
		out = le.AppendUint64(le.AppendUint64(out, end.length), end.offset)
		out = le.AppendUint32(append(out, "PK\x06\x07"...), 0)
		out = le.AppendUint32(le.AppendUint64(out, at), 1)
		here, members, length, offset = math.MaxUint16, math.MaxUint16, math.MaxUint32, math.MaxUint32
	}
	out = le.AppendUint16(le.AppendUint16(append(out, endSignature...), end.disk), end.firstDisk)
	out = le.AppendUint16(le.AppendUint16(out, here), members)
	out = le.AppendUint32(le.AppendUint32(out, length), offset)
	return append(le.AppendUint16(out, uint16(len(a.comment))), a.comment...)
}

func zipOf(entries ...entry) []byte { return archive{entries: entries}.bytes() }
