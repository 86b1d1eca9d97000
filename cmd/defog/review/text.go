package review

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"defog-cdk/cmd/defog/redact"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
)

// Numbers of characters that the report shows of a value.
const (
	maxValue     = 80
	maxImportant = 2000 // of a change of security or one that loses data
)

// hash matches the CDK's names of assets, which differ with each build.
var hash = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

// mask returns a copy of a template with a unique token in place of each secret.
func (c *comparison) mask(template map[string]any) map[string]any {
	tokens := map[string]string{}
	for _, secret := range redact.InTemplate(template) {
		tokens[secret] = c.token(secret)
	}
	return replaceTexts(template, func(text string) string {
		if token, ok := tokens[text]; ok {
			return token
		}
		return c.secrets.Text(text)
	}).(map[string]any)
}

// tokenStart begins each token.
const tokenStart = "‹secret "

// token returns the token of a secret.
func (c *comparison) token(secret string) string {
	for token, known := range c.masked {
		if known == secret {
			return token
		}
	}
	token := fmt.Sprintf("%s%d›", tokenStart, len(c.masked))
	c.masked[token] = secret
	return token
}

func replaceTexts(document any, with func(string) string) any {
	switch value := document.(type) {
	case string:
		return with(value)
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = replaceTexts(item, with)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, item := range value {
			object[key] = replaceTexts(item, with)
		}
		return object
	}
	return document
}

// show returns a value as text.
func (c *comparison) show(value any, most int) string {
	if value == nil {
		return ""
	}
	return c.clean(text(value), most)
}

// clean returns a text as one line with a maximum length, without secrets and
// hashes.
func (c *comparison) clean(text string, most int) string {
	for token, secret := range c.masked {
		text = strings.ReplaceAll(text, token, c.secrets.Fingerprint(secret))
	}
	text = terminal.Line(hash.ReplaceAllStringFunc(text, func(digits string) string { return digits[:8] + "…" }))
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// text returns a template's value as text, with intrinsic functions in the syntax
// of Fn::Sub: ${Name}, ${Name.Attribute}.
func text(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			items[i] = text(item)
		}
		return strings.Join(items, ", ")
	case map[string]any:
		if written, ok := intrinsic(value); ok {
			return written
		}
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

func isIntrinsic(value any) bool {
	object, _ := value.(map[string]any)
	if len(object) != 1 {
		return false
	}
	for key := range object {
		return key == "Ref" || strings.HasPrefix(key, "Fn::")
	}
	return false
}

func intrinsic(object map[string]any) (written string, ok bool) {
	if !isIntrinsic(object) {
		return "", false
	}
	if name, ok := object["Ref"].(string); ok {
		return "${" + name + "}", true
	}
	if attribute, ok := object["Fn::GetAtt"].([]any); ok && len(attribute) == 2 {
		return "${" + text(attribute[0]) + "." + text(attribute[1]) + "}", true
	}
	if join, ok := object["Fn::Join"].([]any); ok && len(join) == 2 {
		if items, ok := join[1].([]any); ok {
			texts := make([]string, len(items))
			for i, item := range items {
				texts[i] = text(item)
			}
			return strings.Join(texts, text(join[0])), true
		}
	}
	if sub, ok := object["Fn::Sub"].(string); ok {
		return sub, true
	}
	return "", false
}

// credentialsPath is the property with the function's credentials.
const credentialsPath = "Environment.Variables." + environ.Credentials

// changedCredentials returns a phrase with the names of the changed credentials.
func changedCredentials(deployed, proposed map[string]any) string {
	find := func(template map[string]any) map[string]string {
		for _, id := range sortedKeys(asObject(template["Resources"])) {
			if encoded, ok := at(part(template, "Resources", id), credentialsPath).(string); ok {
				conn, _ := connection.Decode(encoded) // the valid part
				return members(conn)
			}
		}
		return nil
	}
	before, after := find(deployed), find(proposed)
	if before == nil || after == nil {
		return ""
	}
	var names []string
	for _, name := range union(asAny(before), asAny(after)) {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	return "the credentials change: " + strings.Join(slices.Compact(names), ", ")
}

func members(conn connection.Connection) map[string]string {
	all := map[string]string{"api_key": conn.APIKey, "db_type": conn.DBType, "base_url": conn.BaseURL, "generate_query_url": conn.GenerateQueryURL}
	for key := range conn.DBCreds {
		all["db_creds."+key] = conn.DBCreds.Text(key)
	}
	return all
}

func asObject(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

func asAny(texts map[string]string) map[string]any {
	object := make(map[string]any, len(texts))
	for key, value := range texts {
		object[key] = value
	}
	return object
}
