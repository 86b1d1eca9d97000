package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"defog-cdk/internal/process"
)

// uvVersion is the version of uv that pack installs if the machine has none. Unlike
// pip, uv resolves with the environment markers of the target.
const uvVersion = "0.13.9"

// oldestUV is the oldest version whose output and messages pack can read.
var oldestUV = [2]int{0, 9}

// buildConstraints pins the build tools of packages that exist only as source:
// another version could write other metadata, and so another zip.
const buildConstraints = `setuptools==80.9.0
wheel==0.45.1
`

// uv runs uv.
type uv struct {
	program string
	python  string // the interpreter of builds
	folder  string // the working directory
	scratch string // the folder for input and output files
	environ []string
	flags   []string

	original func(output string) string // restores the paths of copied files in a message
}

// environ returns the environment of uv and pip. uv reads certificate authorities
// from SSL_CERT_FILE and SSL_CERT_DIR, or with UV_SYSTEM_CERTS (UV_NATIVE_TLS in
// older versions) from this machine. pip reads PIP_CERT, or the variables of requests.
// https://docs.astral.sh/uv/concepts/authentication/certificates/
func (o *Options) environ() []string {
	environ := append(os.Environ(), "SOURCE_DATE_EPOCH=315532800") // pure wheels are the same on every machine
	if o.SystemCerts {
		environ = append(environ, "UV_SYSTEM_CERTS=1", "UV_NATIVE_TLS=1")
	}
	if os.Getenv("PIP_CERT")+os.Getenv("REQUESTS_CA_BUNDLE")+os.Getenv("CURL_CA_BUNDLE") != "" {
		return environ
	}
	switch {
	case o.Machine.CertFile != "":
		environ = append(environ, "PIP_CERT="+o.Machine.CertFile)
	case o.SystemCerts:
		environ = append(environ, pipSystemCerts())
	}
	return environ
}

// systemBundles are the files with the machine's certificate authorities on Debian,
// Red Hat and SUSE.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
}

// pipSystemCerts returns the variable by which pip trusts the machine's certificate
// authorities. pip does so by itself from version 24.2; the pip of a new virtual
// environment can be older. Elsewhere than on Linux, they are not in a file.
// https://pip.pypa.io/en/stable/topics/https-certificates/
func pipSystemCerts() string {
	for _, bundle := range systemBundles {
		if _, err := os.Stat(bundle); err == nil {
			return "PIP_CERT=" + bundle
		}
	}
	return "PIP_USE_FEATURE=truststore"
}

// findUV returns uv's program: a recent uv on the PATH, or the pinned version,
// which it installs into a virtual environment in the user's cache.
func (o *Options) findUV(ctx context.Context, python string) (string, error) {
	if o.UV != "" {
		return o.UV, nil
	}
	for _, folder := range filepath.SplitList(o.Machine.Path) {
		program := filepath.Join(folder, "uv")
		output, err := exec.CommandContext(ctx, program, "--version").Output()
		var major, minor int
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(output), "uv %d.%d", &major, &minor); err != nil {
			continue
		}
		if major > oldestUV[0] || major == oldestUV[0] && minor >= oldestUV[1] {
			return program, nil
		}
	}
	environment := filepath.Join(o.Machine.Caches, "uv-"+uvVersion)
	program := filepath.Join(environment, "bin", "uv")
	if exec.CommandContext(ctx, program, "--version").Run() == nil {
		return program, nil
	}
	o.Progress("Installing uv " + uvVersion + ", which resolves the packages, in " + environment)
	install := []string{filepath.Join(environment, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv==" + uvVersion}
	if o.Indexes.IndexURL != "" {
		install = append(install, "--index-url", o.Indexes.IndexURL)
	}
	for _, command := range [][]string{
		{python, "-m", "venv", "--clear", environment},
		install,
	} {
		run := exec.CommandContext(ctx, command[0], command[1:]...)
		run.Env = o.environ()
		if output, err := run.CombinedOutput(); err != nil {
			text := string(bytes.TrimSpace(output))
			return "", errors.Join(fmt.Errorf("install uv: %s: %w: %s%s; or install uv %d.%d or later on the PATH",
				strings.Join(command, " "), err, text, certificateHint(text), oldestUV[0], oldestUV[1]), os.RemoveAll(environment))
		}
	}
	return program, nil
}

// certificateHint returns the fix for an error of TLS, or "" for other errors.
func certificateHint(output string) string {
	lower := strings.ToLower(output)
	for _, part := range []string{"invalid peer certificate", "unknownissuer", "certificate verify failed", "certificate_verify_failed"} {
		if strings.Contains(lower, part) {
			return "; behind a proxy with a private certificate authority, set SSL_CERT_FILE to its certificates (PEM), or use --system-certs"
		}
	}
	return ""
}

// unresolved is uv's exit code for requirements without a solution. Other codes
// are for errors such as those of the network.
const unresolved = 1

// uvError is the error of a run of uv, with uv's output.
type uvError struct {
	err    error
	output string
}

func (e *uvError) Error() string {
	return fmt.Sprintf("%v: %s%s", e.err, e.output, certificateHint(e.output))
}

func (e *uvError) Unwrap() error { return e.err }

// isUnresolved reports whether uv found no solution for the requirements.
func isUnresolved(err error) (*uvError, bool) {
	var failed *uvError
	var exit *exec.ExitError
	ok := errors.As(err, &failed) && errors.As(err, &exit) && exit.ExitCode() == unresolved
	return failed, ok
}

// run runs a command of `uv pip` and returns its output.
func (u *uv) run(ctx context.Context, input string, args ...string) (string, error) {
	args = append(append([]string{"pip"}, args...), u.flags...)
	args = append(args, "--python", u.python, "--no-python-downloads", "--quiet", "--color", "never", "--no-progress")
	command := exec.CommandContext(ctx, u.program, args...)
	process.Interrupt(command)
	command.WaitDelay = 10 * time.Second
	command.Dir = u.folder
	command.Stdin = strings.NewReader(input)
	command.Env = u.environ
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &uvError{fmt.Errorf("uv pip %s: %w", args[1], err), u.original(strings.TrimSpace(stderr.String()))}
	}
	return stdout.String(), nil
}
