package test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"defog-cdk/internal/testserver/generator"
)

// TestJWT deploys an API that requires the tokens of an issuer, on a stage of the
// API that has a name.
func TestJWT(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "tokens", plainAWS)
	home := newIssuer(t)
	d.deploy(t, "-c", "api_auth=jwt", "-c", "jwt_issuer="+home.url, "-c", "jwt_audience=defog,others", "-c", "api_gateway_stage=v1")
	if !strings.HasSuffix(d.url, "/v1/") {
		t.Errorf("the URL %s does not end in the stage", d.url)
	}
	d.generator.Teach("How many?", "SELECT 1")

	hour := time.Now().Add(time.Hour)
	foreign := newIssuer(t)
	impostor := &issuer{url: home.url, key: foreign.key}
	const question = `{"question": "How many?"}`
	for name, token := range map[string]string{
		"absent":                  "",
		"malformed":               "letters",
		"expired":                 home.token(t, "defog", time.Now().Add(-time.Minute)),
		"for another audience":    home.token(t, "strangers", hour),
		"of another issuer":       foreign.token(t, "defog", hour),
		"signed with another key": impostor.token(t, "defog", hour),
		"changed after signing":   withSignatureOf(home.token(t, "defog", hour), home.token(t, "others", hour)),
	} {
		if status, body := d.postWith(t, token, question); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
	}
	if asked := d.generator.Requests(generator.GeneratePath); len(asked) > 0 {
		t.Errorf("the function got %d questions of callers without a token", len(asked))
	}
	for _, audience := range []string{"defog", "others"} {
		if status, body := d.postWith(t, home.token(t, audience, hour), question); status != http.StatusOK || !decode(t, body).RanSuccessfully {
			t.Errorf("a valid token for %s: status %d: %s", audience, status, body)
		}
	}
}

// postWith sends a body with a token.
func (d *deployment) postWith(t *testing.T, token, body string) (status int, answer []byte) {
	t.Helper()
	return d.send(t, body, func(request *http.Request) error {
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	})
}

// issuer issues tokens, and serves the key that verifies them at its URL.
type issuer struct {
	url string
	key *rsa.PrivateKey

	mux      *http.ServeMux
	document map[string]string // its configuration
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	serve := func(path string, document any) {
		mux.HandleFunc("GET "+path, func(response http.ResponseWriter, _ *http.Request) {
			response.Header().Set("Access-Control-Allow-Origin", "*")
			response.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(response).Encode(document); err != nil {
				t.Error(err)
			}
		})
	}
	document := map[string]string{"issuer": server.URL, "jwks_uri": server.URL + "/keys"}
	serve("/.well-known/openid-configuration", document)
	serve("/keys", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"}}})
	return &issuer{url: server.URL, key: key, mux: mux, document: document}
}

// keyID is the id of every issuer's key, so that only signatures distinguish them.
const keyID = "1"

func (i *issuer) token(t *testing.T, audience string, expires time.Time) string {
	t.Helper()
	return i.tokenWith(t, audience, expires, nil)
}

// tokenWith returns a token with more claims.
func (i *issuer) tokenWith(t *testing.T, audience string, expires time.Time, more map[string]any) string {
	t.Helper()
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.key, KeyID: keyID}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: i.url, Subject: "ann", Audience: jwt.Audience{audience}, Expiry: jwt.NewNumericDate(expires),
	}).Claims(more).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// withSignatureOf returns the token with the signature of another.
func withSignatureOf(token, other string) string {
	return token[:strings.LastIndex(token, ".")] + other[strings.LastIndex(other, "."):]
}
