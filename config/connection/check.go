package connection

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/internal/suggest"
)

// form says which keys a database's db_creds have. A partial db_creds is an
// error, an empty one is not.
type form struct {
	required []string
	instead  []string // what may be given in place of the required ones
	optional []string
	iam      bool // "auth": "iam" takes the password's place
}

// IAM is the value of the key auth in db_creds with which the function's role
// is let in, by a token, and no password is needed: RDS's IAM database
// authentication.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
const IAM = "iam"

var forms = map[string]form{
	"postgres": {required: []string{"host", "port", "database", "user", "password"}, optional: []string{"sslmode", "sslrootcert"}, iam: true},
	"sqlite":   {required: []string{"database"}},
	"redshift": {required: []string{"host", "port", "database", "user", "password"}, optional: []string{"schema", "sslmode", "sslrootcert"}},
	"mysql":    {required: []string{"host", "database", "user", "password"}, optional: []string{"port", "sslmode", "sslrootcert"}, iam: true},
	"snowflake": {required: []string{"account", "warehouse", "user", "password"}, instead: []string{"account", "warehouse", "user", "private_key"},
		optional: []string{"database", "schema", "role", "host", "port", "sslmode", "sslrootcert"}},
	"databricks": {required: []string{"server_hostname", "access_token", "http_path"}, optional: []string{"catalog", "schema", "endpoint"}},
	"bigquery":   {required: []string{"json_key_path"}, instead: bigqueryKey, optional: bigqueryOptional},
	"sqlserver":  {required: []string{"server", "user", "password"}, optional: []string{"database", "sslmode", "sslrootcert"}},
}

// DBTypes returns the valid values of db_type, sorted.
func DBTypes() []string { return slices.Sorted(maps.Keys(forms)) }

// checker decodes single keys and gathers what is wrong with them.
type checker struct {
	fields   map[string]any
	problems []error
}

func (c *checker) failf(key, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

// text returns an optional text.
func (c *checker) text(key string) string {
	switch v := c.fields[key].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		c.failf(key, "is %s; valid: text", kind(v))
		return ""
	}
}

func (c *checker) url(key string) string {
	text := c.text(key)
	if text == "" {
		return ""
	}
	if err := checkURL(text); err != nil {
		c.failf(key, "%v", err)
	}
	return strings.TrimRight(text, "/")
}

func (c *checker) dbType() string {
	text := c.text("db_type")
	switch _, ok := forms[text]; {
	case ok:
		return text
	case text == "" && (c.fields["db_type"] == nil || c.fields["db_type"] == ""):
		c.failf("db_type", "missing; valid: %s", strings.Join(DBTypes(), ", "))
	case text != "":
		c.failf("db_type", "%q is unknown%s; valid: %s", text, suggest.Hint(text, DBTypes()), strings.Join(DBTypes(), ", "))
	}
	return ""
}

// creds checks db_creds against the form of its database; without a known
// database only its values are checked.
func (c *checker) creds(dbType string) Creds {
	value, given := c.fields["db_creds"]
	fields, ok := value.(map[string]any)
	switch {
	case !given:
		keys := "the database's credentials"
		if form, known := forms[dbType]; known {
			keys = strings.Join(form.required, ", ")
		}
		c.failf("db_creds", "missing; valid: an object with %s, or {} to generate SQL without running it", keys)
		return nil
	case !ok:
		c.failf("db_creds", "is %s; valid: an object", kind(value))
		return nil
	}
	creds := Creds{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		switch v := fields[key].(type) {
		case string, bool, json.Number:
			creds[key] = v
		case nil:
		default:
			c.failf("db_creds."+key, "is %s; valid: text or a number", kind(v))
		}
	}
	form, known := forms[dbType]
	if !known || len(creds) == 0 {
		return creds
	}
	c.checkForm(dbType, form, fields, creds)
	return creds
}

func (c *checker) checkForm(dbType string, form form, fields map[string]any, creds Creds) {
	form = c.checkAuth(form, creds)
	required := form.required
	given := func(key string) bool { return fields[key] != nil && fields[key] != "" }
	others := without(form.instead, required)
	if !slices.ContainsFunc(without(required, form.instead), given) && slices.ContainsFunc(others, given) {
		required = form.instead
	}
	for _, key := range required {
		if !given(key) {
			c.failf("db_creds."+key, "missing; %s needs %s", dbType, strings.Join(required, ", "))
		}
	}
	if port := creds.Text("port"); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			c.failf("db_creds.port", "is not a port; valid: 1 to 65535")
		}
	}
	c.unknown("db_creds.", fields, slices.Concat(form.required, others, form.optional)...)
	c.bounds(creds)
	modes := []string{"disable", "require", "verify-ca", "verify-full"}
	if mode := creds.Text("sslmode"); mode != "" && slices.Contains(form.optional, "sslmode") && !slices.Contains(modes, mode) {
		c.failf("db_creds.sslmode", "%q is unknown%s; valid: %s", mode, suggest.Hint(mode, modes), strings.Join(modes, ", "))
	}
}

// without returns the keys that are not among others.
func without(keys, others []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(others, key) })
}

// checkAuth checks how the database is to know its user, and returns the form of
// the other keys.
func (c *checker) checkAuth(form form, creds Creds) form {
	if !form.iam {
		return form
	}
	form.optional = append(slices.Clone(form.optional), "auth")
	auth := creds.Text("auth")
	switch {
	case auth == "":
		return form
	case auth != IAM:
		c.failf("db_creds.auth", "%q is unknown; valid: %s, or nothing for a password", auth, IAM)
	case creds.Text("password") != "":
		c.failf("db_creds.password", "is not used with auth %s; remove one of them", IAM)
	case creds.Text("sslmode") == "disable":
		c.failf("db_creds.sslmode", "must not be disable with auth %s, whose token TLS has to hide; leave it out", IAM)
	}
	form.required = slices.DeleteFunc(slices.Clone(form.required), func(key string) bool { return key == "password" })
	form.optional = append(form.optional, "password")
	return form
}

// bounds checks the texts that must be of a form, whichever database has them.
func (c *checker) bounds(creds Creds) {
	if limit := creds.Text("max_bytes_billed"); limit != "" {
		if n, err := strconv.ParseInt(limit, 10, 64); err != nil || n < 1 {
			c.failf("db_creds.max_bytes_billed", "is not a limit; valid: a number of bytes, from 1")
		}
	}
	if endpoint := creds.Text("endpoint"); endpoint != "" && !safeURL(endpoint) {
		c.failf("db_creds.endpoint", "is not a safe URL; valid: https://host, or http://127.0.0.1:port")
	}
	if uri := creds.Text("token_uri"); uri != "" && !safeURL(uri) {
		c.failf("db_creds.token_uri", "is not a safe URL; valid: https://host/path, or http://127.0.0.1:port/path")
	}
}

// unknown reports the keys that nothing reads: left alone, a misspelt key
// would look as if it had an effect.
func (c *checker) unknown(prefix string, fields map[string]any, valid ...string) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(valid, key) {
			c.failf(prefix+key, "unknown key%s; valid: %s", suggest.Hint(key, valid), strings.Join(valid, ", "))
		}
	}
}

// kind names a JSON value's type.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
