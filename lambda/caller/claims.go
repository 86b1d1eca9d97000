package caller

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Claims are a caller's claims by name. Numbers are json.Number. An HTTP API passes
// each claim as text, and a list as "[a b]".
type Claims map[string]any

// UnmarshalJSON decodes a JSON object and keeps the digits of numbers.
func (c *Claims) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var claims map[string]any
	if err := decoder.Decode(&claims); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	*c = claims
	return nil
}

// Text returns a claim as text. ok is false for a missing or empty claim, and for
// lists and objects.
func (c Claims) Text(name string) (text string, ok bool) {
	switch value := c[name].(type) {
	case string:
		text = value
	case json.Number:
		text = value.String()
	case bool:
		text = fmt.Sprint(value)
	}
	return text, text != ""
}

// JSON returns the claims as one JSON object with sorted, distinct names.
func (c Claims) JSON() (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte{'\n'})), nil
}
