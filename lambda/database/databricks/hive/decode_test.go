package hive

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// Unlimited nesting would exhaust the stack, which ends the process.
func TestDecodeRefusesDeepMessages(t *testing.T) {
	message, err := Encode("F", Reply, Struct{1: Struct{1: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(message, []byte{0x0c, 0, 1})
	for name, c := range map[string]struct{ first, inner []byte }{
		"structs": {nil, []byte{0x0c, 0, 1}},                            // field 1 is a struct
		"maps":    {[]byte{0x0d, 0, 1}, []byte{0x0d, 0x0d, 0, 0, 0, 1}}, // field 1 is a map of one map to another
	} {
		deep := slices.Concat(message[:at], c.first, bytes.Repeat(c.inner, 10<<20))
		if _, _, _, err := Decode(deep); err == nil || !strings.Contains(err.Error(), "nested") {
			t.Errorf("%s: got %v, want an error about the nesting", name, err)
		}
	}
}
