package bigquery

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// giveToken answers a signed claim with a token, as in RFC 7523.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || !s.signed(r.FormValue("assertion")) {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
		return
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens["Bearer "+token] = true
	s.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3599})
}

// signed reports whether an assertion is the account's and for this service.
func (s *Server) signed(assertion string) bool {
	parsed, err := jwt.ParseSigned(assertion, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return false
	}
	var claims jwt.Claims
	var scope struct {
		Scope string `json:"scope"`
	}
	s.mu.Lock()
	err = parsed.Claims(&s.key.PublicKey, &claims, &scope)
	s.mu.Unlock()
	return err == nil &&
		claims.ValidateWithLeeway(jwt.Expected{Issuer: account, AnyAudience: jwt.Audience{s.http.URL + "/token"}}, time.Minute) == nil &&
		strings.Contains(scope.Scope, "https://www.googleapis.com/auth/bigquery")
}
