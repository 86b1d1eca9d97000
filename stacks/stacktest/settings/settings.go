// Package settings loads settings for tests of stacks. It does not load the CDK.
package settings

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"defog-cdk/config"
)

// Resources of the operator.
const (
	KeyARN         = "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"
	RoleARN        = "arn:aws:iam::123456789012:role/ours"
	CertificateARN = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
)

// Query returns the defaults with a Postgres database, and changes.
func Query(t *testing.T, changes map[string]any) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connection.json")
	text := `{"api_key": "key", "db_type": "postgres", "db_creds": {"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": "secret"}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(t, With(map[string]any{"app_name": "defog", "connection_file": file}, changes))
}

// Custom returns the settings of a custom function in Python with a
// package, and changes. nil removes a setting.
func Custom(t *testing.T, changes map[string]any) config.Config {
	t.Helper()
	return Load(t, With(map[string]any{
		"app_name":                         "podpac",
		"function_source_dist_zip":         Folder(t, map[string]string{"handler.py": "def handler(event, context): pass"}),
		"function_source_dependencies_zip": Folder(t, map[string]string{"shapes/__init__.py": "", "podpac-4.0.1.dist-info/METADATA": ""}),
	}, changes))
}

// Load loads settings, without those that are nil.
func Load(t *testing.T, context map[string]any) config.Config {
	t.Helper()
	maps.DeleteFunc(context, func(_ string, value any) bool { return value == nil })
	conf, err := config.Load(context)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// With merges settings; later ones win.
func With(settings ...map[string]any) map[string]any {
	all := map[string]any{}
	for _, some := range settings {
		maps.Copy(all, some)
	}
	return all
}

// InSubnets returns the settings of a function in a VPC.
func InSubnets() map[string]any {
	return map[string]any{"subnet_ids": "subnet-0123456789abcdef0", "security_group_ids": "sg-0123456789abcdef0"}
}

// OnCall returns the settings of a stack with alarms.
func OnCall() map[string]any { return map[string]any{"alarm_email": "ops@example.com"} }

// JWT returns the settings of an API that requires tokens.
func JWT() map[string]any {
	return map[string]any{"api_auth": "jwt", "jwt_issuer": "https://issuer.example.com", "jwt_audience": "defog,reports"}
}

// Domain returns the settings of an API with a custom domain.
func Domain(more map[string]any) map[string]any {
	return map[string]any{"api_gateway_custom_domain": With(map[string]any{"domain_name": "sql.example.com", "certificate_arn": CertificateARN}, more)}
}

// InBucket returns the settings of code and dependencies in a bucket.
func InBucket(changes map[string]any) map[string]any {
	return With(map[string]any{
		"function_source_dist_zip": nil, "function_source_dependencies_zip": nil,
		"function_source_bucket": "geo-code", "function_source_dist_key": "v1/dist.zip", "function_source_dependencies_key": "v1/deps.zip",
	}, changes)
}

// PolicyFile writes a policy with one statement.
func PolicyFile(t *testing.T, action, resource string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.json")
	text := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "` + action + `", "Resource": "` + resource + `"}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Schema is the content of a valid schema.json.
const Schema = `{"tables": [{"name": "orders", "columns": [{"name": "id"}]}]}`

// Folder writes files to a folder.
func Folder(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}
