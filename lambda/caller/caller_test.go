package caller

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFromAuthorizerReturnsCaller(t *testing.T) {
	const arn = "arn:aws:sts::111111111111:assumed-role/analyst/jane"
	for name, test := range map[string]struct {
		authorizer string
		want       Caller
	}{
		"no authorizer": {``, Caller{}},
		"null":          {`null`, Caller{}},
		"Lambda":        {`{"lambda":{"sub":"jane","userArn":"x"}}`, Caller{}},
		"token": {
			`{"jwt":{"claims":{"sub":"jane","iss":"https://login.example.com","tenant":"a","exp":1764340000},"scopes":null}}`,
			Caller{JWT, "jane", Claims{"sub": "jane", "iss": "https://login.example.com", "tenant": "a", "exp": json.Number("1764340000")}},
		},
		"token without subject": {`{"jwt":{"claims":{"tenant":"a"},"scopes":[]}}`, Caller{}},
		"subject is a list":     {`{"jwt":{"claims":{"sub":["jane"]}}}`, Caller{}},
		"assumed role": {
			`{"iam":{"accessKey":"ASIA","accountId":"111111111111","callerId":"AROA:jane","cognitoIdentity":null,"principalOrgId":null,"userArn":"` + arn + `","userId":"AROA:jane"}}`,
			Caller{IAM, arn, Claims{"sub": arn, "arn": arn, "account": "111111111111", "role": "analyst"}},
		},
		"user": {
			`{"iam":{"accountId":"111111111111","userArn":"arn:aws:iam::111111111111:user/jane"}}`,
			Caller{IAM, "arn:aws:iam::111111111111:user/jane", Claims{
				"sub": "arn:aws:iam::111111111111:user/jane", "arn": "arn:aws:iam::111111111111:user/jane", "account": "111111111111",
			}},
		},
		"path of a user": {
			`{"iam":{"accountId":"111111111111","userArn":"arn:aws:iam::111111111111:user/:assumed-role/tenant_b/jane"}}`,
			Caller{IAM, "arn:aws:iam::111111111111:user/:assumed-role/tenant_b/jane", Claims{
				"sub": "arn:aws:iam::111111111111:user/:assumed-role/tenant_b/jane", "arn": "arn:aws:iam::111111111111:user/:assumed-role/tenant_b/jane",
				"account": "111111111111",
			}},
		},
		"another partition": {
			`{"iam":{"accountId":"111111111111","userArn":"arn:aws-cn:sts::111111111111:assumed-role/analyst/jane"}}`,
			Caller{IAM, "arn:aws-cn:sts::111111111111:assumed-role/analyst/jane", Claims{
				"sub": "arn:aws-cn:sts::111111111111:assumed-role/analyst/jane", "arn": "arn:aws-cn:sts::111111111111:assumed-role/analyst/jane",
				"account": "111111111111", "role": "analyst",
			}},
		},
		"Cognito identity": {
			`{"iam":{"accountId":"111111111111","cognitoIdentity":{"amr":["x"],"identityId":"eu-west-1:1","identityPoolId":"p"},"userArn":"` + arn + `"}}`,
			Caller{IAM, "eu-west-1:1", Claims{"sub": "eu-west-1:1", "arn": arn, "account": "111111111111", "role": "analyst"}},
		},
		"no ARN": {`{"iam":{"userArn":null}}`, Caller{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromAuthorizer(json.RawMessage(test.authorizer))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFromAuthorizerReportsUnknownForms(t *testing.T) {
	for _, text := range []string{`[]`, `{"jwt":{"claims":[]}}`, `{"iam":{"userArn":1}}`} {
		if c, err := FromAuthorizer(json.RawMessage(text)); err == nil || c.IsKnown() {
			t.Errorf("%s: got %v, %v", text, c, err)
		}
	}
}

func TestFromInvokeRequiresSubject(t *testing.T) {
	for _, text := range []string{`"jane"`, `[]`, `{}`, `{"sub":""}`, `{"sub":null}`, `{"sub":{}}`, `{"tenant":"a"}`} {
		if c, err := FromInvoke(json.RawMessage(text)); err == nil || c.IsKnown() {
			t.Errorf("%s: got %v, %v", text, c, err)
		}
	}
	got, err := FromInvoke(json.RawMessage(`{"sub":"jane","tenant":7,"groups":["x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Caller{Invoke, "jane", Claims{"sub": "jane", "tenant": json.Number("7"), "groups": []any{"x"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c, err := FromInvoke(nil); err != nil || c.IsKnown() {
		t.Errorf("without the field: got %v, %v", c, err)
	}
}

func TestCallerSurvivesJSON(t *testing.T) {
	want := Caller{JWT, "jane", Claims{"sub": "jane", "n": json.Number("12345678901234567890"), "list": []any{"a", true, nil}}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Caller
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestClaimsJSONHasDistinctNames(t *testing.T) {
	var claims Claims
	if err := json.Unmarshal([]byte(`{"tenant":"a","sub":"<jane>","tenant":"b","n":1.50}`), &claims); err != nil {
		t.Fatal(err)
	}
	got, err := claims.JSON()
	if want := `{"n":1.50,"sub":"<jane>","tenant":"b"}`; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestIdentityDistinguishesCallers(t *testing.T) {
	callers := []Caller{
		{JWT, "jane", Claims{"iss": "a"}},
		{JWT, "jane", Claims{"iss": "b"}},
		{JWT, "jane", nil},
		{Invoke, "jane", nil},
		{IAM, "jane", nil},
		{JWT, `a","jane`, nil},
		{JWT, `jane`, Claims{"iss": `a","`}},
	}
	key, other := NewKey("password"), NewKey("Password")
	seen, hashes := map[string]bool{}, map[string]bool{}
	for _, c := range callers {
		seen[c.Identity()], hashes[key.Hash(c)], hashes[other.Hash(c)] = true, true, true
		if len(key.Hash(c)) != 2*hashBytes || strings.Contains(key.Hash(c), "jane") {
			t.Errorf("hash %q", key.Hash(c))
		}
	}
	if len(seen) != len(callers) || len(hashes) != 2*len(callers) {
		t.Errorf("%d identities and %d hashes of %d callers", len(seen), len(hashes), len(callers))
	}
	changed := callers[0]
	changed.Claims = Claims{"iss": "a", "tenant": "b"}
	if changed.Identity() != callers[0].Identity() {
		t.Error("another claim changed the identity")
	}
}

func TestHashIsEmptyWithoutKeyOrCaller(t *testing.T) {
	if got := NewKey("password").Hash(Caller{}); got != "" {
		t.Errorf("unknown caller: %q", got)
	}
	if got := (Key{}).Hash(Caller{Kind: JWT, Subject: "jane"}); got != "" {
		t.Errorf("zero key: %q", got)
	}
}

func TestNewKeyIgnoresOrder(t *testing.T) {
	c := Caller{Kind: JWT, Subject: "jane"}
	if NewKey("a", "b").Hash(c) != NewKey("b", "a").Hash(c) {
		t.Error("the order of secrets changes the key")
	}
	if NewKey("ab").Hash(c) == NewKey("a", "b").Hash(c) {
		t.Error("joined secrets give the same key")
	}
}
