package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/secretforms"
)

// Passwords in the diffs of testdata.
const (
	oldPassword = "Old<Pass&word>1 'q\" \\ %2F ünïcode"
	newPassword = "New<Pass&word>2 'q\" \\ %2F ünïcode"
	apiKey      = "OldApiKey/+='\"é𝄞"
)

func credentials(t *testing.T, password string) string {
	t.Helper()
	text, err := connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: connection.Creds{
		"host": "db.example.com", "port": 5432, "database": "shop", "user": "reader", "password": password}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func template(credentials string) any {
	return map[string]any{"Environment": map[string]any{"Variables": map[string]any{"DEFOG_CREDS_64": credentials, "DEFOG_CREDS_SECRET": "prod/defog"}}}
}

// TestWriterRedactsRecordedOutput redacts output of the CLI as plain text, in colors
// and on a terminal. Everything except the secrets stays unchanged.
func TestWriterRedactsRecordedOutput(t *testing.T) {
	before, after := credentials(t, oldPassword), credentials(t, newPassword)
	for _, key := range []string{"", "a key of at least sixteen"} {
		secrets := NewSecrets(key)
		secrets.Add(Old, InTemplate(template(before))...)
		secrets.Add(New, InTemplate(template(after))...)
		secrets.Compared()
		for _, name := range []string{"plain.txt", "colour.txt", "terminal.txt"} {
			raw, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(raw), before) != 1 || strings.Count(string(raw), after) != 1 {
				t.Fatalf("%s shows no change of credentials", name)
			}
			want := strings.NewReplacer(before, secrets.Fingerprint(before), after, secrets.Fingerprint(after)).Replace(string(raw))
			for _, size := range []int{1, 7, 1 << 20} {
				if diff := cmp.Diff(want, written(t, secrets, raw, size)); diff != "" {
					t.Errorf("%s in pieces of %d: -want +got:\n%s", name, size, diff)
				}
			}
		}
	}
}

func TestWriterRedactsAllForms(t *testing.T) {
	for _, secret := range []string{oldPassword, apiKey, "s3cret", "pass", "ab", "line one\nline two", "tab\tand\rreturn", "│table│cell│"} {
		secrets := NewSecrets("")
		secrets.Add(New, secret)
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := json.Marshal(string(quoted))
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]string{
			"clear":           secret,
			"JSON":            string(quoted),
			"JSON in JSON":    string(twice),
			"query":           url.QueryEscape(secret),
			"path":            url.PathEscape(secret),
			"lower-case path": strings.ToLower(url.PathEscape(secret)),
			"mangled":         secretforms.Mangled(secret),
			"coloured":        "\x1b[31m" + secret + "\x1b[39m",
			"colour inside":   secret[:1] + "\x1b[39m\x1b[31m" + secret[1:],
		}
		if secret != strings.ToLower(secret) {
			delete(shown, "lower-case path")
		}
		if len(secret) >= minLength {
			shown["wrapped"] = "│ " + secret[:3] + "   │\n│ " + secret[3:] + " │"
		}
		if len(secret) >= secretforms.MinEncoded {
			for i, before := range []string{"", "x", "xy"} {
				shown["base64 "+string(rune('0'+i))] = base64.StdEncoding.EncodeToString([]byte(before + secret + "z"))
				shown["base64 of JSON "+string(rune('0'+i))] = base64.URLEncoding.EncodeToString([]byte(before + string(quoted)))
			}
		}
		for name, text := range shown {
			got := written(t, secrets, []byte("[-] "+text+" .\n"), 1)
			if !strings.Contains(got, "(secret)") || leaks(got, secret) {
				t.Errorf("%s of %q: %q", name, secret, got)
			}
		}
	}
}

func TestWriterRedactsOverlappingSecrets(t *testing.T) {
	secrets := NewSecrets("")
	secrets.Add(New, "abcdefgh", "efghijkl", "cdefgh")
	if got := secrets.Text("<abcdefghijkl> <cdefgh>"); got != "<(secret)> <(secret)>" {
		t.Error(got)
	}
}

func TestShortSecretsMatchWholeWords(t *testing.T) {
	secrets := NewSecrets("")
	secrets.Add(New, "key")
	const text = "key monkey keys DEFOG_key \"key\" key"
	const want = "(secret) monkey keys DEFOG_(secret) \"(secret)\" (secret)"
	for size := 1; size < len(text); size++ {
		if got := written(t, secrets, []byte(text), size); got != want {
			t.Errorf("in pieces of %d: %s", size, got)
		}
	}
}

// TestWriterRedactsUnknownCredentials has credentials that are not in the set.
func TestWriterRedactsUnknownCredentials(t *testing.T) {
	secrets := NewSecrets("")
	text := "[-] " + credentials(t, oldPassword) + "\n"
	for _, size := range []int{1, 5, 1000} {
		if got := written(t, secrets, []byte(text), size); got != "[-] (secret)\n" {
			t.Error(got)
		}
	}
}

func TestFingerprintsDependOnTheKey(t *testing.T) {
	named := func(key, secret string) string {
		secrets := NewSecrets(key)
		secrets.Add(Old, "old", "same")
		secrets.Add(New, "new", "same")
		secrets.Compared()
		return secrets.Fingerprint(secret)
	}
	got := []string{named("", "old"), named("", "new"), named("", "same"), named("", "unknown")}
	if diff := cmp.Diff([]string{"(secret, changed)", "(secret, changed)", "(secret, unchanged)", "(secret)"}, got); diff != "" {
		t.Error(diff)
	}
	one, other := named("key one", "old"), named("key two", "old")
	if one == other || one != named("key one", "old") || one == named("key one", "new") {
		t.Errorf("%s with one key, %s with another", one, other)
	}
	// The value is from OpenSSL: `printf old | openssl dgst -sha256 -hmac 'key one'`.
	if want := "sha256:424e5be4…"; one != want {
		t.Errorf("%s, not %s", one, want)
	}
}

// TestWriterDoesNotDelayProgress writes output that cannot be part of a secret.
func TestWriterDoesNotDelayProgress(t *testing.T) {
	secrets := NewSecrets("")
	secrets.Add(New, "Zebra crossing")
	var out bytes.Buffer
	w := NewWriter(&out, secrets)
	for _, piece := range []struct{ write, want string }{
		{"Enter MFA code: ", "Enter MFA code: "},
		{"Ze", "Enter MFA code: "},
		{"us", "Enter MFA code: Zeus"},
		{"\nZebra cross", "Enter MFA code: Zeus\n"},
		{"ing!", "Enter MFA code: Zeus\n(secret)!"},
		{"\nBuilt Ze\n", "Enter MFA code: Zeus\n(secret)!\nBuilt Ze\n"},
		{"bra cross", "Enter MFA code: Zeus\n(secret)!\nBuilt Ze\n"},
		{"ing.", "Enter MFA code: Zeus\n(secret)!\nBuilt Ze\n(secret)."},
	} {
		if _, err := w.Write([]byte(piece.write)); err != nil || out.String() != piece.want {
			t.Errorf("after %q: %q, %v", piece.write, out.String(), err)
		}
	}
}

func TestInTemplateReturnsAllSecrets(t *testing.T) {
	document := map[string]any{
		"Parameters": map[string]any{"Db": map[string]any{"MasterUserPassword": "hunter22", "AllowCredentials": true}},
		"Environment": map[string]any{
			"API_TOKEN": "tok-123456789a", "DEFOG_CREDS_SECRET": "prod/defog", "SECRET_ARN": "arn:aws:secretsmanager:x",
			"URL": "https://user:pass@host", "DEFOG_CREDS_64": "bm90IEpTT04=", "PASSWORD": map[string]any{"Fn::Join": []any{"", []any{"x"}}},
		},
	}
	if diff := cmp.Diff([]string{"tok-123456789a", "bm90IEpTT04=", "https://user:pass@host", "hunter22"}, InTemplate(document)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	settings := map[string]any{"SETTINGS": `{"db": [{"password": "hunter22", "host": "h"}]}`, "CREDS_64": base64.StdEncoding.EncodeToString([]byte(`{"api_key": "in base64"}`))}
	if diff := cmp.Diff([]string{"eyJhcGlfa2V5IjogImluIGJhc2U2NCJ9", "in base64", "hunter22"}, InTemplate(settings)); diff != "" {
		t.Errorf("nested: -want +got:\n%s", diff)
	}
	want := []string{credentials(t, oldPassword), apiKey, oldPassword}
	if diff := cmp.Diff(want, InTemplate(template(want[0]))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzWriter writes a text with a secret in one of its forms, whole and in pieces.
func FuzzWriter(f *testing.F) {
	f.Add("s3cret password", "before ", " behind", uint8(3), uint8(0))
	f.Add("pass", "eyJhcGlfa2V5", "eyJ", uint8(1), uint8(7))
	f.Add("aaaaaaa", "aaa", "aaaaaaaaaaa\x1b[3", uint8(2), uint8(9))
	f.Add("ünïcode\n", "│", "\xe2\x94", uint8(1), uint8(12))
	f.Fuzz(func(t *testing.T, secret, before, after string, size, choice uint8) {
		if len(squeeze([]byte(secret))) < minLength || size == 0 {
			t.Skip()
		}
		secrets := NewSecrets("")
		secrets.Add(New, secret)
		all := secretforms.Of(secret)
		form := all[int(choice)%len(all)]
		text := []byte(before + form + after)
		whole, pieces := secrets.Text(string(text)), written(t, secrets, text, int(size))
		if pieces != whole && !bytes.Contains(text, []byte("\n")) { // because the end of a line is not delayed
			t.Errorf("in pieces of %d: %q, whole: %q", size, pieces, whole)
		}
		for _, output := range []string{whole, pieces} {
			for piece := range strings.SplitSeq(output, "(secret)") {
				if leaks(string(squeeze([]byte(piece))), string(squeeze([]byte(secret)))) || leaks(piece, secret) {
					t.Errorf("%q is in %q", secret, output)
				}
			}
		}
	})
}

// leaks reports whether an output holds the secret, as the end-to-end test does.
func leaks(output, secret string) bool {
	if strings.Contains(output, secret) {
		return len(secret) >= minLength || output == "[-] "+secret+" .\n"
	}
	for offset := range 3 {
		padded := append(make([]byte, offset), secret...)
		encoded := base64.StdEncoding.EncodeToString(padded)[(8*offset+5)/6 : 8*len(padded)/6]
		if len(encoded) >= minLength && strings.Contains(output, encoded) {
			return true
		}
	}
	return false
}

// written returns the output of a Writer for a text in pieces of a size.
func written(t *testing.T, secrets *Secrets, text []byte, size int) string {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, secrets)
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := w.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
