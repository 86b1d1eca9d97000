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

// InTemplate returns the secrets in a template or in a part of one. Those are texts
// whose key or format marks them as secret, also in JSON within a text. Of
// DEFOG_CREDS_64 it returns the whole text and each of the credentials.
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

// nested returns the object or list in a text of JSON or of JSON in base64, and nil
// for another text.
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
		// A text that is not a connection is still a secret.
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
