package redact

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
)

// InTemplate returns the secrets in a template, or in any part of one: texts
// whose key or whose shape says that they are secret, also in JSON that is a
// text there, and the credentials in DEFOG_CREDS_64, both as they stand there
// and one by one.
func InTemplate(part any) []string {
	var found []string
	collect("", part, &found)
	return found
}

func collect(key string, part any, found *[]string) {
	switch value := part.(type) {
	case string:
		*found = append(*found, inText(key, value)...)
		if inner := nested(value); inner != nil && key != environ.Credentials {
			collect(key, inner, found)
		}
	case []any:
		for _, item := range value {
			collect(key, item, found)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			collect(name, value[name], found)
		}
	}
}

// nested returns the object or list that a text holds in JSON, or in base64 of
// JSON; nil for another text.
func nested(text string) any {
	text = strings.TrimSpace(text)
	if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(decoded)
	}
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil
	}
	var inner any
	if json.Unmarshal([]byte(text), &inner) != nil {
		return nil
	}
	return inner
}

func inText(key, text string) []string {
	switch {
	case key == environ.Credentials:
		// What is no connection is a secret all the same.
		conn, _ := connection.Decode(text)
		secrets := conn.Secrets()
		list := []string{text}
		for _, name := range slices.Sorted(maps.Keys(secrets)) {
			list = append(list, secrets[name])
		}
		return list
	case key != environ.CredentialsSecret && config.HoldsSecret(key, text):
		return []string{text}
	}
	return nil
}
