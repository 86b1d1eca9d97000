package local

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const region = "us-east-1"

// The credentials of the account's root user.
const accessKey, secretKey = "test", "test"

// unproxied names this machine as NO_PROXY does.
const unproxied = "127.0.0.1,.localhost"

// Settings returns the environment variables that point the AWS SDKs, the CDK CLI and
// `defog ask` to this local AWS. They override the user's accounts.
func (a *AWS) Settings() map[string]string {
	settings := map[string]string{
		"AWS_ENDPOINT_URL":            a.Endpoint(),
		"AWS_REGION":                  region,
		"AWS_DEFAULT_REGION":          region,
		"AWS_ACCESS_KEY_ID":           accessKey,
		"AWS_SECRET_ACCESS_KEY":       secretKey,
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"CDK_HOME":                    filepath.Join(a.directory, "cdk"),
		"CDK_DISABLE_CLI_TELEMETRY":   "true",
	}
	if a.enforces {
		certificate := filepath.Join(a.directory, certificateFile)
		settings[botocoreVariable], settings[nodeVariable] = certificate, certificate
	}
	return settings
}

// Config returns the configuration of an AWS SDK that reaches this local AWS, as
// Settings does for other programs.
func (a *AWS) Config() aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(a.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		HTTPClient:   &http.Client{Transport: a.transport},
	}
}

// Environ returns environ, in the form of os.Environ, with the AWS and CDK
// settings in it replaced by Settings. A proxy in it, which the CDK CLI would
// use for this machine too, stays for everything else.
func (a *AWS) Environ(environ []string) []string {
	var result []string
	noProxy := unproxied
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "CDK_"):
		case strings.EqualFold(name, "NO_PROXY"):
			noProxy += "," + value
		default:
			result = append(result, variable)
		}
	}
	settings := a.Settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		result = append(result, name+"="+settings[name])
	}
	return append(result, "NO_PROXY="+noProxy, "no_proxy="+noProxy)
}

// Exports returns lines for a POSIX shell that do what Environ does.
func (a *AWS) Exports() string {
	var lines strings.Builder
	lines.WriteString("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN\n")
	settings := a.Settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&lines, "export %s='%s'\n", name, strings.ReplaceAll(settings[name], "'", `'\''`))
	}
	fmt.Fprintf(&lines, "export NO_PROXY=\"%s,$NO_PROXY,$no_proxy\"; export no_proxy=\"$NO_PROXY\"\n", unproxied)
	return lines.String()
}

// serverEnviron returns the whole environment of MiniStack. Its functions
// inherit it, so there is nothing of the user's in it.
func (a *AWS) serverEnviron() []string {
	return append([]string{
		"AWS_ENDPOINT_URL=" + a.Endpoint(),
		"GATEWAY_PORT=" + a.endpoint.Port(),
		"IOT_MTLS_ENABLED=0", // or it listens on all interfaces
		"LANG=C.UTF-8",
		"PATH=" + filepath.Join(a.checkout, ".venv", "bin") + ":/usr/local/bin:/usr/bin:/bin",
		"TMPDIR=" + os.TempDir(), // where the supervisor makes the private directory
	}, a.options...)
}

// prependPath returns environ with directory as the first of its PATH.
func prependPath(environ []string, directory string) []string {
	environ = slices.Clone(environ)
	for i, variable := range environ {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			environ[i] = "PATH=" + directory + string(os.PathListSeparator) + path
		}
	}
	return environ
}
