//go:build !onedriver || bigquery

package database

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// cellEncoder appends a cell's value, which is a text, a list, a row or null.
type cellEncoder func(dst []byte, value json.RawMessage) []byte

func (s *bigquerySchema) encoders() []cellEncoder {
	encoders := make([]cellEncoder, len(s.Fields))
	for i, field := range s.Fields {
		encoders[i] = field.encoder()
	}
	return encoders
}

// appendCells appends cells with commas between them.
func appendCells(dst []byte, cells []bigqueryCell, encoders []cellEncoder) []byte {
	for i, cell := range cells[:min(len(cells), len(encoders))] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = encoders[i](dst, cell.Value)
	}
	return dst
}

// encoder returns the encoder of a column's or a struct's field.
func (f bigqueryField) encoder() cellEncoder {
	value := f.valueEncoder()
	if f.Mode != "REPEATED" {
		return value
	}
	return func(dst []byte, list json.RawMessage) []byte {
		var elements []bigqueryCell
		if isNull(list) || json.Unmarshal(list, &elements) != nil {
			return append(dst, "[]"...) // BigQuery keeps no difference between null and an empty array
		}
		dst = append(dst, '[')
		for i, element := range elements {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = value(dst, element.Value)
		}
		return append(dst, ']')
	}
}

func (f bigqueryField) valueEncoder() cellEncoder {
	if f.Type == "RECORD" || f.Type == "STRUCT" {
		return f.structEncoder()
	}
	encode := bigqueryEncoder(f.Type, f.Element.Type)
	return func(dst []byte, value json.RawMessage) []byte {
		var text string
		if isNull(value) {
			return append(dst, "null"...)
		}
		if json.Unmarshal(value, &text) != nil {
			return appendString(dst, []byte(value)) // the API has no others
		}
		return encode(dst, []byte(text))
	}
}

// structEncoder appends an object with the fields' names.
func (f bigqueryField) structEncoder() cellEncoder {
	encoders := (&bigquerySchema{f.Fields}).encoders()
	return func(dst []byte, value json.RawMessage) []byte {
		var row bigqueryRow
		if isNull(value) || json.Unmarshal(value, &row) != nil {
			return append(dst, "null"...)
		}
		dst = append(dst, '{')
		for i, cell := range row.Cells[:min(len(row.Cells), len(encoders))] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, f.Fields[i].Name), ':')
			dst = encoders[i](dst, cell.Value)
		}
		return append(dst, '}')
	}
}

func isNull(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// bigqueryEncoder returns the encoder of a type. Types without one of their own
// are strings, which is also what a decimal becomes.
func bigqueryEncoder(name, element string) encoder {
	switch name {
	case "INTEGER", "INT64":
		return appendInteger
	case "FLOAT", "FLOAT64":
		return appendFloatText
	case "BOOLEAN", "BOOL":
		return appendBool
	case "BYTES":
		return appendBase64
	case "TIME":
		return appendTime
	case "DATETIME":
		return appendDateTime
	case "TIMESTAMP":
		return appendMicros
	case "INTERVAL":
		return appendGoogleInterval
	case "JSON":
		return appendJSON
	case "RANGE":
		return rangeEncoder(element)
	default:
		return appendString[[]byte]
	}
}

func appendBase64(dst, text []byte) []byte {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return appendString(dst, text)
	}
	return appendBytes(dst, raw)
}

// appendDateTime appends a DATETIME, whose day and time a T stands between.
func appendDateTime(dst, text []byte) []byte {
	return appendTime(dst, bytes.Replace(text, []byte("T"), []byte(" "), 1))
}

// appendMicros appends a TIMESTAMP, which comes as microseconds since 1970.
func appendMicros(dst, text []byte) []byte {
	micros, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return appendString(dst, text)
	}
	return appendTimestamp(dst, time.UnixMicro(micros).UTC())
}

// appendTimestamp appends a point in time with its zone.
func appendTimestamp(dst []byte, t time.Time) []byte {
	return appendTime(dst, t.AppendFormat(nil, "2006-01-02 15:04:05.000000-07:00"))
}

// appendGoogleInterval appends an INTERVAL: "1-2 3 4:5:6.789" are years and
// months, days, and a time, each with a sign of its own.
func appendGoogleInterval(dst, text []byte) []byte {
	parts := strings.Fields(string(text))
	if len(parts) != 3 {
		return appendString(dst, text)
	}
	years, months, found := strings.Cut(strings.TrimPrefix(parts[0], "-"), "-")
	y, errYears := strconv.ParseInt(years, 10, 32)
	m, errMonths := strconv.ParseInt(months, 10, 32)
	days, errDays := strconv.ParseInt(parts[1], 10, 32)
	micros, ok := parseClock(parts[2])
	if !found || !ok || errYears != nil || errMonths != nil || errDays != nil {
		return appendString(dst, text)
	}
	fromMonths := y*365 + m*30
	if strings.HasPrefix(parts[0], "-") {
		fromMonths = -fromMonths
	}
	appended, ok := appendInterval(dst, fromMonths+days, micros)
	if !ok {
		return appendString(dst, text)
	}
	return appended
}

// rangeEncoder appends a RANGE as the database writes it, its ends in the form
// that they have alone: [2024-01-01, UNBOUNDED)
func rangeEncoder(element string) encoder {
	encode := bigqueryEncoder(element, "")
	end := func(text string) string {
		var plain string
		if text == "UNBOUNDED" || json.Unmarshal(encode(nil, []byte(text)), &plain) != nil {
			return text
		}
		return plain
	}
	return func(dst, text []byte) []byte {
		inner, closed := strings.CutSuffix(strings.TrimPrefix(string(text), "["), ")")
		from, to, found := strings.Cut(inner, ", ")
		if !closed || !found {
			return appendString(dst, text)
		}
		return appendString(dst, "["+end(from)+", "+end(to)+")")
	}
}
