package initialize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// settingsKey is the key of this app's settings in the context of cdk.json.
const settingsKey = "defog"

// errSettings reports settings of an earlier run, or of the operator.
var errSettings = errors.New(`context.defog: holds settings; want none, or --force to replace them`)

// insertSettings returns cdk.json with the settings as context.defog. It keeps all
// other bytes. Existing settings are an error unless replace is set.
func insertSettings(cdkJSON []byte, settings map[string]string, replace bool) ([]byte, error) {
	context, err := member(cdkJSON, 0, "context")
	if err != nil {
		return nil, err
	}
	if context.end == 0 {
		return nil, errors.New(`no "context"; want the cdk.json of this app`)
	}
	inner, err := member(cdkJSON, context.start, settingsKey)
	if err != nil {
		return nil, err
	}
	text, err := encodeSettings(settings)
	if err != nil {
		return nil, err
	}
	if inner.end > 0 {
		if string(bytes.TrimSpace(cdkJSON[inner.start:inner.end])) != "{}" && !replace {
			return nil, errSettings
		}
		return bytes.Join([][]byte{cdkJSON[:inner.start], text, cdkJSON[inner.end:]}, nil), nil
	}
	entry := fmt.Appendf(nil, "\n    %q: %s", settingsKey, text)
	if rest := bytes.TrimLeft(cdkJSON[context.start+1:], " \t\r\n"); !bytes.HasPrefix(rest, []byte("}")) {
		entry = append(entry, ',')
	}
	return bytes.Join([][]byte{cdkJSON[:context.start+1], entry, cdkJSON[context.start+1:]}, nil), nil
}

func encodeSettings(settings map[string]string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("    ", "  ")
	if err := encoder.Encode(settings); err != nil {
		return nil, fmt.Errorf("encode the settings: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

// span is a value's position in a text; end is 0 for no value.
type span struct{ start, end int }

// member finds the value of a key in the object that begins at or after start.
func member(text []byte, start int, key string) (span, error) {
	decoder := json.NewDecoder(bytes.NewReader(text[start:]))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return span{}, errors.Join(errors.New("not a JSON object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return span{}, fmt.Errorf("read the keys: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return span{}, fmt.Errorf("%v: %w", name, err)
		}
		if end := start + int(decoder.InputOffset()); name == key && strings.HasPrefix(string(value), "{") {
			return span{end - len(value), end}, nil
		} else if name == key {
			return span{}, fmt.Errorf("%s: not an object", key)
		}
	}
	return span{}, nil
}
