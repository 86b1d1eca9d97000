package sqlserver

import (
	"encoding/binary"
	"iter"
	"slices"
)

// Result is what a statement returns: columns and rows, an error, or both, the
// error behind the rows.
type Result struct {
	Columns []Column
	Rows    iter.Seq[[]Value]
	Errors  []Error

	// Endless makes the server run until it is stopped, after the rows.
	Endless bool

	// Makes is a table that the statement creates.
	Makes string
}

// Column is a result's column.
type Column struct {
	Name string
	Type Type
}

// Error is an error of the server.
type Error struct {
	Number  int32
	Class   byte // the severity
	Message string
}

// Tokens of a reply, MS-TDS 2.2.7.
const (
	columnsToken  = 0x81
	errorToken    = 0xaa
	loginToken    = 0xad
	rowToken      = 0xd1
	sparseToken   = 0xd2 // a row in which nulls are bits
	changeToken   = 0xe3
	doneToken     = 0xfd
	doneFailed    = 0x02
	doneCount     = 0x10
	doneAttention = 0x20
	doneFatal     = 0x100
)

// Changes of a session's state, MS-TDS 2.2.7.9.
const (
	changedDatabase = 1
	changedPackets  = 4
	begunChange     = 8
	committedChange = 9
	rolledBack      = 10
)

func appendDone(dst []byte, status uint16, rows uint64) []byte {
	dst = append(dst, doneToken)
	dst = binary.LittleEndian.AppendUint16(dst, status)
	dst = binary.LittleEndian.AppendUint16(dst, 0xc1) // SELECT
	return binary.LittleEndian.AppendUint64(dst, rows)
}

func appendError(dst []byte, e Error) []byte {
	body := binary.LittleEndian.AppendUint32(nil, uint32(e.Number))
	body = append(body, 1, e.Class)
	body = appendLongText(body, e.Message)
	body = appendShortText(body, "STANDIN")
	body = appendShortText(body, "")
	body = binary.LittleEndian.AppendUint32(body, 1) // the line
	return appendToken(dst, errorToken, body)
}

// appendChange appends a change of text, and appendTransaction one of the
// transaction's number.
func appendChange(dst []byte, kind byte, now, before string) []byte {
	return appendToken(dst, changeToken, appendShortText(appendShortText([]byte{kind}, now), before))
}

func appendTransaction(dst []byte, kind byte, now, before uint64) []byte {
	body := []byte{kind}
	for _, number := range []uint64{now, before} {
		if number == 0 {
			body = append(body, 0)
			continue
		}
		body = binary.LittleEndian.AppendUint64(append(body, 8), number)
	}
	return appendToken(dst, changeToken, body)
}

func appendLogin(dst []byte) []byte {
	body := []byte{1, 0x74, 0, 0, 4} // T-SQL, TDS 7.4
	body = appendShortText(body, "Microsoft SQL Server")
	body = append(body, 16, 0, 0, 0)
	return appendToken(dst, loginToken, body)
}

func appendColumns(dst []byte, columns []Column) []byte {
	dst = append(dst, columnsToken)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(columns)))
	for _, column := range columns {
		dst = append(dst, 0, 0, 0, 0) // no type of a user's
		dst = binary.LittleEndian.AppendUint16(dst, 1)
		dst = append(dst, column.Type...)
		dst = appendShortText(dst, column.Name)
	}
	return dst
}

// appendRow appends a row as a server does: a null is a bit.
func appendRow(dst []byte, row []Value) []byte {
	if slices.ContainsFunc(row, func(value Value) bool { return value == nil }) {
		nulls := make([]byte, (len(row)+7)/8)
		for i, value := range row {
			if value == nil {
				nulls[i/8] |= 1 << (i % 8)
			}
		}
		dst = append(append(dst, sparseToken), nulls...)
	} else {
		dst = append(dst, rowToken)
	}
	for _, value := range row {
		dst = append(dst, value...)
	}
	return dst
}

func appendToken(dst []byte, token byte, body []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(append(dst, token), uint16(len(body)))
	return append(dst, body...)
}

// appendShortText appends text behind one byte with its length in characters,
// appendLongText behind two.
func appendShortText(dst []byte, text string) []byte {
	data := toUTF16(text)
	return append(append(dst, byte(len(data)/2)), data...)
}

func appendLongText(dst []byte, text string) []byte {
	data := toUTF16(text)
	return append(binary.LittleEndian.AppendUint16(dst, uint16(len(data)/2)), data...)
}
