package database

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"defog-cdk/config/connection"
)

// AuthoritiesFile is the dependency that holds the certificate authorities of
// Amazon's managed databases.
const AuthoritiesFile = "rds-ca.pem"

// TLSConfig returns the TLS configuration for db_creds.sslmode and sslrootcert,
// nil for a connection without TLS.
//
//	disable      no TLS; the default on a loopback address
//	require      TLS with any certificate; with an sslrootcert as verify-ca
//	verify-ca    TLS with a certificate that a trusted authority has signed
//	verify-full  as verify-ca, for the host's name; the default elsewhere
//
// Trusted are the system's authorities and those of AuthoritiesFile in
// directory, or those of the file sslrootcert alone.
func TLSConfig(creds connection.Creds, host, directory string) (*tls.Config, error) {
	mode, file := creds.Text("sslmode"), creds.Text("sslrootcert")
	switch {
	case mode == "" && IsLoopback(host):
		mode = "disable"
	case mode == "":
		mode = "verify-full"
	case mode == "require" && file != "":
		mode = "verify-ca"
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	switch mode {
	case "disable":
		return nil, nil
	case "require":
		config.InsecureSkipVerify = true
		return config, nil
	case "verify-ca", "verify-full":
	default:
		return nil, fmt.Errorf("db_creds.sslmode: %q is invalid; want disable, require, verify-ca or verify-full", mode)
	}
	roots, err := authorities(file, directory)
	if err != nil {
		return nil, err
	}
	config.RootCAs = roots
	if mode == "verify-ca" {
		// crypto/tls verifies chain and host name together, never the chain alone.
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, roots) }
	}
	return config, nil
}

// authorities returns the authorities of file, or the system's and Amazon's for
// no file.
func authorities(file, directory string) (*x509.CertPool, error) {
	if file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(directory, file)
		}
		roots := x509.NewCertPool()
		return roots, addAuthorities(roots, file)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate authorities: %w", err)
	}
	err = addAuthorities(roots, filepath.Join(directory, AuthoritiesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return roots, nil
	}
	return roots, err
}

func addAuthorities(roots *x509.CertPool, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read certificate authorities: %w", err)
	}
	if !roots.AppendCertsFromPEM(data) {
		return fmt.Errorf("%s: no certificate found; want PEM", file)
	}
	return nil
}

// verifyChain returns nil if one of roots has signed the server's certificate.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return nil
}

// IsLoopback reports whether host is this machine. Its traffic stays here.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || ip != nil && ip.IsLoopback()
}
