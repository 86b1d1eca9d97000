package daemon

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

// Authority returns the file with the certificate of the authority that signed
// the server's own. It is there when Certify has made it.
func (d *Daemon) Authority() string { return d.Path("ca.pem") }

// Certificate returns the file with the server's certificate.
func (d *Daemon) Certificate() string { return d.Path("server.crt") }

// Key returns the file with the certificate's private key.
func (d *Daemon) Key() string { return d.Path("server.key") }

// Certify writes an authority, and a certificate by it for localhost and
// 127.0.0.1.
func (d *Daemon) Certify() error {
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
		return fmt.Errorf("create %s's key: %w", d.name, err)
	}
	leaf := certificate("localhost")
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
	if err != nil {
		return fmt.Errorf("create %s's certificate: %w", d.name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode %s's key: %w", d.name, err)
	}

	for file, block := range map[string]*pem.Block{
		d.Authority():   {Type: "CERTIFICATE", Bytes: authorityDER},
		d.Certificate(): {Type: "CERTIFICATE", Bytes: leafDER},
		d.Key():         {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return fmt.Errorf("write %s's certificates: %w", d.name, err)
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
