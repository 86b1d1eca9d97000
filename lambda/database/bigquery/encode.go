package bigquery

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"defog-cdk/lambda/database"
)

// cellEncoder appends a cell's value: a text, a list, a row or null.
type cellEncoder func(dst []byte, value rawJSON) []byte

func (s *schema) encoders() []cellEncoder {
	encoders := make([]cellEncoder, len(s.Fields))
	for i, field := range s.Fields {
		encoders[i] = field.encoder()
	}
	return encoders
}

// appendCells appends cells with commas between them.
func appendCells(dst []byte, cells []cell, encoders []cellEncoder) []byte {
	for i, cell := range cells[:min(len(cells), len(encoders))] {
		if database.IsFull(dst) {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = encoders[i](dst, cell.Value)
	}
	return dst
}

// encoder returns the encoder of a column or of a struct's field.
func (f field) encoder() cellEncoder {
	value := f.valueEncoder()
	if f.Mode != "REPEATED" {
		return value
	}
	return func(dst []byte, list rawJSON) []byte {
		if list.isNull() || list[0] != '[' {
			return append(dst, "[]"...) // the service sends null for an empty array too
		}
		dst = append(dst, '[')
		first := true
		for text := range list.elements {
			var element cell
			if database.IsFull(dst) || json.Unmarshal(text, &element) != nil {
				break
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = value(dst, element.Value)
		}
		return append(dst, ']')
	}
}

func (f field) valueEncoder() cellEncoder {
	if f.Type == "RECORD" || f.Type == "STRUCT" {
		return f.structEncoder()
	}
	encode := newTextEncoder(f.Type, f.Element.Type)
	return func(dst []byte, value rawJSON) []byte {
		if value.isNull() {
			return append(dst, "null"...)
		}
		text, ok := value.text()
		if !ok {
			return database.AppendString(dst, []byte(value)) // the API has no others
		}
		return encode(dst, text)
	}
}

// structEncoder appends an object with the fields' names.
func (f field) structEncoder() cellEncoder {
	encoders := (&schema{f.Fields}).encoders()
	return func(dst []byte, value rawJSON) []byte {
		var row row
		if value.isNull() || json.Unmarshal(value, &row) != nil {
			return append(dst, "null"...)
		}
		dst = append(dst, '{')
		for i, cell := range row.Cells[:min(len(row.Cells), len(encoders))] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(database.AppendString(dst, f.Fields[i].Name), ':')
			dst = encoders[i](dst, cell.Value)
		}
		return append(dst, '}')
	}
}

// newTextEncoder returns the encoder of a type. Other types, decimals included,
// become strings.
func newTextEncoder(name, element string) database.Encoder {
	switch name {
	case "INTEGER", "INT64":
		return database.AppendInteger
	case "FLOAT", "FLOAT64":
		return database.AppendFloatText
	case "BOOLEAN", "BOOL":
		return database.AppendBool
	case "BYTES":
		return appendBase64
	case "TIME":
		return database.AppendTimeText
	case "DATETIME":
		return appendDateTime
	case "TIMESTAMP":
		return appendMicros
	case "INTERVAL":
		return appendInterval
	case "JSON":
		return database.AppendJSON
	case "RANGE":
		return rangeEncoder(element)
	default:
		return database.AppendString[[]byte]
	}
}

func appendBase64(dst, text []byte) []byte {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return database.AppendString(dst, text)
	}
	return database.AppendBytes(dst, raw)
}

// appendDateTime appends a DATETIME: 2024-02-29T12:00:00.
func appendDateTime(dst, text []byte) []byte {
	return database.AppendTimeText(dst, bytes.Replace(text, []byte("T"), []byte(" "), 1))
}

// appendMicros appends a TIMESTAMP in microseconds since 1970.
func appendMicros(dst, text []byte) []byte {
	micros, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return database.AppendString(dst, text)
	}
	return database.AppendTime(dst, time.UnixMicro(micros).UTC(), database.TimeParts{Date: true, Clock: true, Zone: true})
}

// appendInterval appends an INTERVAL: "1-2 3 4:5:6.789" has years and months,
// days, and a time, each with its sign.
func appendInterval(dst, text []byte) []byte {
	parts := strings.Fields(string(text))
	if len(parts) != 3 {
		return database.AppendString(dst, text)
	}
	years, months, found := strings.Cut(strings.TrimPrefix(parts[0], "-"), "-")
	y, errYears := strconv.ParseInt(years, 10, 32)
	m, errMonths := strconv.ParseInt(months, 10, 32)
	days, errDays := strconv.ParseInt(parts[1], 10, 32)
	micros, ok := database.ParseClock(parts[2])
	if !found || !ok || errYears != nil || errMonths != nil || errDays != nil {
		return database.AppendString(dst, text)
	}
	fromMonths := y*365 + m*30
	if strings.HasPrefix(parts[0], "-") {
		fromMonths = -fromMonths
	}
	appended, ok := database.AppendInterval(dst, fromMonths+days, micros)
	if !ok {
		return database.AppendString(dst, text)
	}
	return appended
}

// rangeEncoder returns the encoder of a RANGE, [2024-01-01, UNBOUNDED), whose
// bounds have the format of the element type.
func rangeEncoder(element string) database.Encoder {
	encode := newTextEncoder(element, "")
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
			return database.AppendString(dst, text)
		}
		return database.AppendString(dst, "["+end(from)+", "+end(to)+")")
	}
}
