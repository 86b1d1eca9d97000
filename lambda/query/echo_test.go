package main

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
)

// TestAnswerHoldsNoEchoedKey lets the generator return the API key in each field.
func TestAnswerHoldsNoEchoedKey(t *testing.T) {
	service, address := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, address)})
	encoded := base64.StdEncoding.EncodeToString([]byte("key=" + apiKey))
	for name, reply := range map[string]string{
		"fields": `{"sql": "SELECT '` + apiKey + `' AS k, '` + hex.EncodeToString([]byte(apiKey)) + `' AS h", "ran_successfully": true, ` +
			`"reason_for_query": "` + encoded + `", "previous_context": ["` + url.QueryEscape(apiKey) + `", {"` + apiKey + `": 1}]}`,
		"message": `{"ran_successfully": false, "error_message": "` + apiKey + ` or ` + encoded + `"}`,
		"failure": `{"sql": "SELECT ` + apiKey + ` FROM none", "ran_successfully": true}`,
	} {
		service.Fail(generator.Text(reply))
		answer := f.invoke(t, `{"question":"?"}`)
		if !strings.Contains(answer, "***") {
			t.Errorf("%s: got %s", name, answer)
		}
		for _, secret := range []string{apiKey, encoded[8:24], hex.EncodeToString([]byte(apiKey))} {
			if strings.Contains(answer, secret) {
				t.Errorf("%s: the answer holds %s: %s", name, secret, answer)
			}
		}
	}
}
