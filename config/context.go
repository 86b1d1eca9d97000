package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// Context parses the CDK context as the CLI hands it to the app: JSON in the
// variable CDK_CONTEXT_JSON, or, when that would be too long for an
// environment, in the file that CONTEXT_OVERFLOW_LOCATION_ENV names.
// https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cx-api/lib/cxapi.ts
func Context(getenv func(string) string) (map[string]any, error) {
	context := map[string]any{}
	if text := getenv("CDK_CONTEXT_JSON"); text != "" {
		if err := unmarshal([]byte(text), &context); err != nil {
			return nil, fmt.Errorf("read the CDK context from CDK_CONTEXT_JSON: %w", err)
		}
	}
	if path := getenv("CONTEXT_OVERFLOW_LOCATION_ENV"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the CDK context: %w", err)
		}
		if err := unmarshal(data, &context); err != nil {
			return nil, fmt.Errorf("read the CDK context from %s: %w", path, err)
		}
	}
	return context, nil
}

// ContextFile returns the context that the CDK CLI would hand over in the
// current folder: that of the files it reads, below the command line's
// "key=value" pairs.
func ContextFile(pairs []string) (map[string]any, error) {
	context := map[string]any{}
	for _, path := range slices.Backward(contextFiles) { // the weakest first
		values, err := readContext(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		maps.Copy(context, values)
	}
	for _, pair := range pairs {
		key, value, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("-c %s: has no value; valid: -c key=value", pair)
		}
		context[key] = value
	}
	return context, nil
}

// unmarshal is [json.Unmarshal], but numbers keep their digits. Its callers hand
// over all of a text.
func unmarshal(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the JSON; valid: one JSON value")
	}
	return nil
}
