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

// form lists the keys of a database's db_creds. Empty db_creds are valid, partial
// ones are not.
type form struct {
	required []string
	instead  []string // a valid alternative to the required ones
	optional []string
	iam      bool // "auth": "iam" replaces the password
}

// IAM is the value of auth in db_creds for IAM database authentication on RDS. The
// function's role then logs in with a token.
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

// PlanCostTypes returns the db_types whose EXPLAIN returns the cost of a plan, sorted.
func PlanCostTypes() []string { return []string{"mysql", "postgres", "sqlserver"} }

// checker decodes single keys and collects problems.
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
		c.failf(key, "%s; want text", kind(v))
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
		c.failf("db_type", "missing; want one of %s", strings.Join(DBTypes(), ", "))
	case text != "":
		c.failf("db_type", "%q is unknown%s; want one of %s", text, suggest.Hint(text, DBTypes()), strings.Join(DBTypes(), ", "))
	}
	return ""
}

// creds checks db_creds against the form of its database. For an unknown database
// it checks the values only.
func (c *checker) creds(dbType string) Creds {
	value, given := c.fields["db_creds"]
	fields, ok := value.(map[string]any)
	switch {
	case !given:
		keys := "the database's credentials"
		if form, known := forms[dbType]; known {
			keys = strings.Join(form.required, ", ")
		}
		c.failf("db_creds", "missing; want an object with %s, or {} to generate SQL without running it", keys)
		return nil
	case !ok:
		c.failf("db_creds", "%s; want an object", kind(value))
		return nil
	}
	creds := Creds{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		switch v := fields[key].(type) {
		case string, bool, json.Number:
			creds[key] = v
		case nil:
		default:
			c.failf("db_creds."+key, "%s; want text or a number", kind(v))
		}
		if isPlaceholder(creds.Text(key)) {
			c.failf("db_creds."+key, "a placeholder; want the value of your database")
		} else if check := addressChecks[key]; check != nil && creds.Text(key) != "" {
			if err := check(creds.Text(key)); err != nil {
				c.failf("db_creds."+key, "%v", err)
			}
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
			c.failf("db_creds."+key, "missing; want %s for %s", strings.Join(required, ", "), dbType)
		}
	}
	if port := creds.Text("port"); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			c.failf("db_creds.port", "not a port; want 1 to 65535")
		}
	}
	c.unknown("db_creds.", fields, slices.Concat(form.required, others, form.optional)...)
	c.bounds(creds)
	modes := []string{"disable", "require", "verify-ca", "verify-full"}
	if mode := creds.Text("sslmode"); mode != "" && slices.Contains(form.optional, "sslmode") && !slices.Contains(modes, mode) {
		c.failf("db_creds.sslmode", "%q is unknown%s; want one of %s", mode, suggest.Hint(mode, modes), strings.Join(modes, ", "))
	}
}

// without returns the keys that are not in others.
func without(keys, others []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(others, key) })
}

// checkAuth checks the authentication, and returns the form of the other keys.
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
		c.failf("db_creds.auth", "%q is unknown; want %s, or no auth for a password", auth, IAM)
	case creds.Text("password") != "":
		c.failf("db_creds.password", "not used with auth %s; want one of them", IAM)
	case creds.Text("sslmode") == "disable":
		c.failf("db_creds.sslmode", "disable is not allowed with auth %s, whose token requires TLS; want no sslmode", IAM)
	}
	form.required = slices.DeleteFunc(slices.Clone(form.required), func(key string) bool { return key == "password" })
	form.optional = append(form.optional, "password")
	return form
}

// bounds checks keys that have a format, for any database.
func (c *checker) bounds(creds Creds) {
	if limit := creds.Text("max_bytes_billed"); limit != "" {
		if n, err := strconv.ParseInt(limit, 10, 64); err != nil || n < 1 {
			c.failf("db_creds.max_bytes_billed", "not a limit; want a number of bytes, from 1")
		}
	}
	if endpoint := creds.Text("endpoint"); endpoint != "" && !isSafe(endpoint) {
		c.failf("db_creds.endpoint", "not a safe URL; want https://host, or http://127.0.0.1:port")
	}
	if uri := creds.Text("token_uri"); uri != "" && !isSafe(uri) {
		c.failf("db_creds.token_uri", "not a safe URL; want https://host/path, or http://127.0.0.1:port/path")
	}
}

// unknown refuses keys without an effect, such as misspelled ones.
func (c *checker) unknown(prefix string, fields map[string]any, valid ...string) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(valid, key) {
			c.failf(prefix+key, "unknown key%s; want %s", suggest.Hint(key, valid), strings.Join(valid, ", "))
		}
	}
}

// kind returns the name of a JSON value's type.
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
