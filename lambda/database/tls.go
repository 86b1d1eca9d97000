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

// rdsAuthorities is the file in the dependencies with the authorities that sign
// the certificates of Amazon's managed databases.
const rdsAuthorities = "rds-ca.pem"

// tlsFor returns the TLS configuration that the db_creds sslmode and
// sslrootcert ask for, nil for none.
//
//	disable      no TLS; what this machine's own addresses get without a sslmode
//	require      TLS with whoever answers; with a sslrootcert as verify-ca
//	verify-ca    TLS with a server whose certificate a known authority signed
//	verify-full  besides, for that host; what all others get without a sslmode
//
// Known are the system's authorities and those of rds-ca.pem in directory, or
// those of the file sslrootcert alone.
func tlsFor(creds connection.Creds, host, directory string) (*tls.Config, error) {
	mode, file := creds.Text("sslmode"), creds.Text("sslrootcert")
	switch {
	case mode == "" && local(host):
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
		return nil, fmt.Errorf("db_creds has sslmode %q: valid are disable, require, verify-ca, verify-full", mode)
	}
	roots, err := authorities(file, directory)
	if err != nil {
		return nil, err
	}
	config.RootCAs = roots
	if mode == "verify-ca" {
		// The library checks the chain and the host name together; the chain
		// alone is checked by hand.
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, roots) }
	}
	return config, nil
}

// authorities reads those of file, or the system's and Amazon's without one.
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
	err = addAuthorities(roots, filepath.Join(directory, rdsAuthorities))
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
		return fmt.Errorf("read certificate authorities: %s holds no PEM certificate", file)
	}
	return nil
}

// verifyChain returns nil if one of roots vouches for the server.
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

// local reports whether host is this machine, where nobody listens in.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || ip != nil && ip.IsLoopback()
}
