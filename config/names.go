package config

import "slices"

// Name returns a setting's own name for its key or an alias, and whether there
// is such a setting.
func Name(key string) (string, bool) {
	for _, f := range settingFields {
		if slices.Contains(f.names, key) {
			return f.key, true
		}
	}
	return "", false
}

// Refused says why a key of an old system is no setting here, and what to use
// instead; ok is false for every other key.
func Refused(key string) (why string, ok bool) {
	refusal, ok := refused[key]
	return refusal.why, ok
}
