package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

const (
	authorityFile   = "ca.pem"
	certificateFile = "server.crt"
	keyFile         = "server.key"
)

// Authority returns the file with the certificate of the authority that signed
// the server's own. It is there with the option TLS alone.
func (s *Server) Authority() string { return s.path(authorityFile) }

// createCertificates writes an authority and a server certificate by it.
func (s *Server) createCertificates() error {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("create the authority's key: %w", err)
	}
	authority := certificate("defog test authority")
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return fmt.Errorf("create the authority's certificate: %w", err)
	}

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("create PostgreSQL's key: %w", err)
	}
	leaf := certificate("localhost")
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
	if err != nil {
		return fmt.Errorf("create PostgreSQL's certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode PostgreSQL's key: %w", err)
	}

	for name, block := range map[string]*pem.Block{
		authorityFile:   {Type: "CERTIFICATE", Bytes: authorityDER},
		certificateFile: {Type: "CERTIFICATE", Bytes: leafDER},
		keyFile:         {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(s.path(name), pem.EncodeToMemory(block), 0o600); err != nil {
			return fmt.Errorf("write PostgreSQL's certificates: %w", err)
		}
	}
	return nil
}

func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}
