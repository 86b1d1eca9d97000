package invoke

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// constants matches texts, so that no constant is found in them, and the constants
// that Python's module json writes and reads.
// https://docs.python.org/3/library/json.html#infinite-and-nan-number-values
var constants = regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"|NaN|-?Infinity`)

// CheckEvent requires JSON, which may hold the constants of Python. It returns the
// first of those, or nothing: Lambda accepts only JSON as the event of an invoke.
func CheckEvent(event []byte) (constant string, err error) {
	if json.Valid(event) {
		return "", nil
	}
	standard := constants.ReplaceAllFunc(event, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		if constant == "" {
			constant = string(found)
		}
		return []byte("null")
	})
	var value any
	if err := json.Unmarshal(standard, &value); err != nil {
		return "", fmt.Errorf("is not JSON: %w", err)
	}
	return constant, nil
}

// Members returns the members of an event as they are, with the constants of Python. It
// returns nil for an event that is not an object.
func Members(event []byte) map[string][]byte {
	// Numbers of the same length leave all members where they are.
	standard := constants.ReplaceAllFunc(event, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return bytes.Repeat([]byte("1"), len(found))
	})
	decoder := json.NewDecoder(bytes.NewReader(standard))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	members := map[string][]byte{}
	for decoder.More() {
		name, err := decoder.Token()
		key, isText := name.(string)
		var value json.RawMessage
		if err != nil || !isText || decoder.Decode(&value) != nil {
			return nil
		}
		end := decoder.InputOffset()
		members[key] = event[end-int64(len(value)) : end]
	}
	return members
}
