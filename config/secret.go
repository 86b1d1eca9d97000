package config

import (
	"regexp"
	"strings"
)

// noSecret ends an error about a credential in the settings, which the template
// and version control show.
const noSecret = "want no credentials in settings: those of the database and the SQL generator belong in connection.json or credentials_secret"

var (
	// secretNames matches the end of a name that holds a secret. A longer name
	// describes a secret (TOKEN_LIMIT, SECRET_ARN).
	secretNames = regexp.MustCompile(`(?i)(password|passwd|pwd|secret|token|api_?key|private_?key|access_?key|creds|credentials?)$`)

	// secretTexts matches well-known credentials: AWS access keys, private keys,
	// keys of OpenAI, GitHub and Slack, JSON web tokens, URLs with a password.
	secretTexts = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bsk-[A-Za-z0-9_-]{20}|` +
		`\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abprs]-[A-Za-z0-9-]{10}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ|://[^\s/:@]*:[^\s/@]+@`)

	// secretReference matches the name of a secret.
	secretReference = regexp.MustCompile(`^(arn:aws.*|\{\{resolve:.*|true|false|[0-9]{0,9})$`)
)

// looksSecret reports whether text has the format of a credential.
func looksSecret(text string) bool { return secretTexts.MatchString(text) }

// HoldsSecret reports whether a variable's name or text indicates a credential.
func HoldsSecret(name, text string) bool {
	named := secretNames.MatchString(strings.TrimSuffix(name, "_64")) && !secretReference.MatchString(text)
	return named || looksSecret(text)
}
