package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"defog-cdk/cmd/defog/terminal"
)

// Line formats the event for a terminal: its local time and its text. Of a JSON
// object the level and the message come first, then the other fields by name,
// without those that repeat the time. With raw it returns the text unchanged.
func (e Event) Line(raw bool) string {
	message := strings.TrimRight(e.message, "\r\n")
	if raw {
		return terminal.Text(message)
	}
	return e.time.Local().Format("15:04:05.000") + " " + terminal.Text(readable(message))
}

// FromFunction reports whether the event is a JSON line of the query function, and
// not one of Lambda.
func (e Event) FromFunction() bool {
	var line struct {
		Message *string `json:"msg"`
	}
	return json.Unmarshal([]byte(e.message), &line) == nil && line.Message != nil
}

func readable(message string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(message), &fields) != nil {
		return message
	}
	var parts []string
	for _, names := range [][]string{{"level"}, {"message", "msg"}, {"type"}} {
		for _, name := range names {
			if value, ok := fields[name]; ok {
				parts = append(parts, plain(value))
				delete(fields, name)
				break
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != "time" && name != "timestamp" {
			parts = append(parts, fmt.Sprintf("%s=%s", name, plain(fields[name])))
		}
	}
	return strings.Join(parts, " ")
}

// plain returns a JSON text without its quotes, and other JSON compact.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return string(value)
	}
	return compact.String()
}
