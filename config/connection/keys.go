package connection

import "slices"

// Keys lists the keys of a database's db_creds.
type Keys struct {
	Required []string
	Instead  []string // replaces Required as a whole; nil for none
	Optional []string // in addition to either
	IAM      bool     // "auth": "iam" replaces the password
}

// KeysOf returns the keys of a database, and false for an unknown db_type.
func KeysOf(dbType string) (Keys, bool) {
	form, ok := forms[dbType]
	return Keys{
		Required: slices.Clone(form.required), Instead: slices.Clone(form.instead),
		Optional: slices.Clone(form.optional), IAM: form.iam,
	}, ok
}

// IsSecretKey reports whether a key of db_creds holds a secret.
func IsSecretKey(key string) bool {
	return !slices.Contains(publicKeys, key) && key != "json_key_path" && key != "role"
}
