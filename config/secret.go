package config

import (
	"regexp"
	"strings"
)

// isSecret says where a credential belongs.
const isSecret = "a secret has no place in settings, which stand in the template and in version control; " +
	"the database's and the generator's go into connection.json or the secret that credentials_secret names"

var (
	// secretNames end the names of variables that hold secrets. A name that
	// goes on says something about a secret (TOKEN_LIMIT, SECRET_ARN).
	secretNames = regexp.MustCompile(`(?i)(password|passwd|pwd|secret|token|api_?key|private_?key|access_?key|creds|credentials?)$`)

	// secretTexts are the shapes of well-known credentials: a key of AWS, a
	// private key, keys of OpenAI, GitHub and Slack, a JSON web token, a URL with a
	// password.
	secretTexts = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bsk-[A-Za-z0-9_-]{20}|` +
		`\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abprs]-[A-Za-z0-9-]{10}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ|://[^\s/:@]*:[^\s/@]+@`)

	// secretReference is what names a secret instead of being one.
	secretReference = regexp.MustCompile(`^(arn:aws.*|\{\{resolve:.*|true|false|[0-9]{0,9})$`)
)

// looksSecret reports whether text has the shape of a credential.
func looksSecret(text string) bool { return secretTexts.MatchString(text) }

// HoldsSecret reports whether a variable looks, by its name or its text, as if
// it held a credential.
func HoldsSecret(name, text string) bool {
	named := secretNames.MatchString(strings.TrimSuffix(name, "_64")) && !secretReference.MatchString(text)
	return named || looksSecret(text)
}
