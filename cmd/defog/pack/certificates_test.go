package pack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newAuthority returns a server certificate for this machine and the path of its
// authority's certificate, as a proxy of a company has them.
func newAuthority(t *testing.T) (certificate tls.Certificate, authority string) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	rootKey, key := newKey(), newKey()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Company"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootDER := sign(root, root, rootKey, rootKey)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authority = filepath.Join(t.TempDir(), "company.pem")
	write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})))
	return tls.Certificate{Certificate: [][]byte{sign(leaf, root, key, rootKey)}, PrivateKey: key}, authority
}

// newIndex serves the shelf as a package index by TLS.
func newIndex(t *testing.T, s *shelf, certificate tls.Certificate) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		project, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, "/"), "/simple/")
		if !ok {
			http.ServeFile(w, r, filepath.Join(s.folder, filepath.Base(r.URL.Path)))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for _, name := range names(t, s.folder) {
			if strings.HasPrefix(name, project+"-") {
				fmt.Fprintf(w, `<a href="/files/%s#sha256=%s">%[1]s</a>`, name, sha(t, filepath.Join(s.folder, name)))
			}
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + "/simple"
}

// unset removes variables from the environment until the test's end.
func unset(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPrivateCertificateAuthority(t *testing.T) {
	s := simple(t)
	certificate, authority := newAuthority(t)
	index := newIndex(t, s, certificate)
	unset(t, "SSL_CERT_FILE", "SSL_CERT_DIR", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
	t.Setenv("UV_CACHE_DIR", t.TempDir())
	t.Setenv("UV_HTTP_RETRIES", "0")
	o := s.options(t, "lower\n")
	t.Setenv("UV_OFFLINE", "0")
	o.Indexes = Indexes{IndexURL: index}
	fails(t, o, "set SSL_CERT_FILE", "--system-certs")

	o.Machine.CertFile = authority + ".absent"
	fails(t, o, "SSL_CERT_FILE: ", "want a file with certificates in PEM")

	t.Setenv("SSL_CERT_FILE", authority)
	o.Machine.CertFile = authority
	if got := sources(t, run(t, o).Dist.Path); !slices.Contains(got, "lower.py") {
		t.Errorf("got %v", got)
	}
}

// TestSystemCertificatesReachUVAndPip records the environment of uv, and that of
// pip, which installs uv.
func TestSystemCertificatesReachUVAndPip(t *testing.T) {
	s := simple(t)
	certificate, authority := newAuthority(t)
	o := s.options(t, "lower\n")
	folder := t.TempDir()
	record := filepath.Join(folder, "environment")
	program := filepath.Join(folder, "uv")
	write(t, program, "#!/bin/sh\nenv > "+record+"\nexit 2\n")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	o.UV, o.SystemCerts = program, true
	unset(t, "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_FIND_LINKS", "PIP_NO_INDEX")
	fails(t, o, "uv pip compile")
	for _, want := range []string{"UV_SYSTEM_CERTS=1\n", "UV_NATIVE_TLS=1\n", pipSystemCerts() + "\n"} {
		if !strings.Contains(read(t, record), want) {
			t.Errorf("got %s, want %s", read(t, record), want)
		}
	}

	// pip installs uv from the private index, by the private authority.
	s.wheel(t, "uv", uvVersion, "py3-none-any", map[string]string{"uv.py": ""})
	t.Setenv("PIP_CONFIG_FILE", os.DevNull)
	t.Setenv("SSL_CERT_FILE", authority)
	o.UV = ""
	o.Machine = Machine{CertFile: authority, Caches: filepath.Join(folder, "caches")}
	o.Indexes.IndexURL = newIndex(t, s, certificate)
	installed, err := o.findUV(t.Context(), localPython(t).program)
	if err != nil || installed != filepath.Join(folder, "caches", "uv-"+uvVersion, "bin", "uv") {
		t.Errorf("got %s, %v", installed, err)
	}
	matches, err := filepath.Glob(filepath.Join(folder, "caches", "uv-"+uvVersion, "lib", "python*", "site-packages", "uv.py"))
	if err != nil || len(matches) != 1 {
		t.Errorf("pip installed %v, %v", matches, err)
	}
}
