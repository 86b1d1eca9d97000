package local

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// The files that https takes, in the private directory. Each has the name of
// the environment variable that the supervisor sets to its path. By the first,
// functions in Go, and Python's own client, find the certificate.
const (
	certificateFile = "SSL_CERT_FILE"
	keyFile         = "SSL_KEY_FILE"
)

// Variables by which other clients find the certificate: botocore, and Node.
const (
	botocoreVariable = "AWS_CA_BUNDLE"
	nodeVariable     = "NODE_EXTRA_CA_CERTS"
)

// Option changes the local AWS that Start starts.
type Option func(*AWS) error

// EnforceIAM makes the local AWS check each request as AWS does: whether its
// signature is right, and whether policies allow it. Only the caller of
// Settings, the account's root user, may do everything.
//
// Such a local AWS is reached by https alone, because policies ask for that,
// among them the one of the CDK's own bucket. Client, the programs that run
// with Settings, and its functions trust its certificate.
func EnforceIAM() Option {
	return func(a *AWS) error {
		certificate, key, err := selfSigned()
		if err != nil {
			return err
		}
		files, err := json.Marshal(map[string]string{
			certificateFile: string(certificate), botocoreVariable: string(certificate), nodeVariable: string(certificate),
			keyFile: string(key),
		})
		if err != nil {
			return fmt.Errorf("pass on the certificate: %w", err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(certificate)

		a.enforces = true
		a.endpoint.Scheme = "https"
		a.transport = &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			IdleConnTimeout: awshttp.DefaultHTTPTransportIdleConnTimeout,
		}
		a.options = append(a.options, "AUTH=true", "USE_SSL=1", "SUPERVISE_FILES="+string(files))
		return nil
	}
}
