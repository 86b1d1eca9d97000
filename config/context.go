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

// Context parses the CDK context that the CLI passes to the app. It is JSON in the
// variable CDK_CONTEXT_JSON. A larger context is in the file that
// CONTEXT_OVERFLOW_LOCATION_ENV names.
// https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cx-api/lib/cxapi.ts
func Context(getenv func(string) string) (map[string]any, error) {
	context := map[string]any{}
	if text := getenv("CDK_CONTEXT_JSON"); text != "" {
		if err := unmarshal([]byte(text), &context); err != nil {
			return nil, fmt.Errorf("CDK_CONTEXT_JSON: read the CDK context: %w", err)
		}
	}
	if path := getenv("CONTEXT_OVERFLOW_LOCATION_ENV"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("CONTEXT_OVERFLOW_LOCATION_ENV: read the CDK context: %w", err)
		}
		if err := unmarshal(data, &context); err != nil {
			return nil, fmt.Errorf("%s: read the CDK context: %w", path, err)
		}
	}
	return context, nil
}

// ContextFile returns the context that the CDK CLI passes to the app in the
// current folder: that of its files, overridden by "key=value" pairs.
func ContextFile(pairs []string) (map[string]any, error) {
	context := map[string]any{}
	for _, path := range slices.Backward(contextFiles) { // lowest precedence first
		values, err := readContext(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		maps.Copy(context, values)
	}
	for _, pair := range pairs {
		key, value, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("-c %s: no value; want -c key=value", pair)
		}
		context[key] = value
	}
	return context, nil
}

// unmarshal is [json.Unmarshal] with numbers that keep their digits.
func unmarshal(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON value; want one JSON value")
	}
	return nil
}
