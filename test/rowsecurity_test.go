package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"defog-cdk/internal/testserver/generator"
)

// TestRowSecurity sends interleaved questions of two tenants to warm functions. Their
// SQL reads the whole table, and the database's policy limits it.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "rows", plainAWS)
	jane := createUser(t, d, "jane", allow("execute-api:Invoke", "*"))
	d.postgres.Query(t, `
		CREATE TABLE tenant_orders (tenant text, owner text, note text); GRANT SELECT ON tenant_orders TO PUBLIC;
		INSERT INTO tenant_orders SELECT t, 'arn:aws:iam::000000000000:user/' || t, 'note of ' || t FROM unnest(ARRAY['a', 'b', 'jane']) t, generate_series(1, 5);
		ALTER TABLE tenant_orders ENABLE ROW LEVEL SECURITY; ALTER TABLE tenant_orders FORCE ROW LEVEL SECURITY;
		CREATE POLICY of_tenant ON tenant_orders USING (tenant = current_setting('request.jwt.claims')::json ->> 'tenant');
		CREATE POLICY of_owner ON tenant_orders USING (owner = current_setting('request.jwt.claims')::json ->> 'sub')`)
	const question = "Which notes are there?"
	d.generator.Teach(question, "SELECT DISTINCT note FROM tenant_orders")
	// Questions that try to be another tenant.
	attacks := []string{
		`SELECT set_config('request.jwt.claims', '{"tenant":"b"}', false), note FROM tenant_orders`,
		`SELECT note FROM tenant_orders; SET request.jwt.claims = '{"tenant":"b"}'`,
		`SET SESSION request.jwt.claims = '{"tenant":"b"}'`,
	}
	for _, sql := range attacks {
		d.generator.Teach(sql, sql)
	}

	home := newIssuer(t)
	d.deploy(t, "-c", "api_auth=jwt", "-c", "jwt_issuer="+home.url, "-c", "jwt_audience=defog", "-c", "throttle_rate=10000", "-c", "throttle_burst=5000",
		"-c", "row_security=claims", "-c", "row_security_claims=tenant")
	tokens := map[string]string{}
	for _, tenant := range []string{"a", "b"} {
		tokens[tenant] = home.tokenWith(t, "defog", time.Now().Add(time.Hour), map[string]any{"tenant": tenant})
	}
	t.Run("tokens", func(t *testing.T) { testTenants(t, d, tokens, question, attacks) })
	t.Run("denied callers", func(t *testing.T) {
		asked := len(d.generator.Requests(generator.GeneratePath))
		body := fmt.Sprintf(`{"question": %q}`, question)
		if status, got := d.postWith(t, home.token(t, "defog", time.Now().Add(time.Hour)), body); status != http.StatusForbidden || !strings.Contains(string(got), "caller_denied") {
			t.Errorf("without a tenant: status %d: %s", status, got)
		}
		if got := d.invokeDirectly(t, body); !strings.Contains(got, "caller_denied") {
			t.Errorf("a direct invoke without a caller: %s", got)
		}
		if now := len(d.generator.Requests(generator.GeneratePath)); now != asked {
			t.Errorf("the generator got %d questions of denied callers", now-asked)
		}
	})
	t.Run("direct invoke", func(t *testing.T) {
		for _, tenant := range []string{"a", "b", "a"} {
			got := d.invokeDirectly(t, fmt.Sprintf(`{"question": %q, "caller": {"sub": "x", "tenant": %q}}`, question, tenant))
			if want := `"data":[["note of ` + tenant + `"]]`; !strings.Contains(got, want) {
				t.Errorf("tenant %s: %s", tenant, got)
			}
		}
	})
	t.Run("signatures", func(t *testing.T) {
		d.deploy(t, "-c", "api_auth=iam", "-c", "row_security=claims")
		for range 3 {
			status, got := d.postAs(t, jane, fmt.Sprintf(`{"question": %q}`, question))
			if status != http.StatusOK || !strings.Contains(string(got), `"data":[["note of jane"]]`) {
				t.Errorf("status %d: %s", status, got)
			}
			if status, got := d.post(t, fmt.Sprintf(`{"question": %q}`, question)); status != http.StatusOK || !strings.Contains(string(got), `"data":[]`) {
				t.Errorf("another user: status %d: %s", status, got)
			}
		}
	})
}

// testTenants sends 2,000 questions, 8 at a time, and each tenth is an attack.
func testTenants(t *testing.T, d *deployment, tokens map[string]string, question string, attacks []string) {
	const questions, workers = 2000, 8
	var mu sync.Mutex
	foreign, right, refused := 0, 0, 0
	numbers := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for n := range numbers {
				tenant, other := "a", "b"
				if n%2 == 1 {
					tenant, other = other, tenant
				}
				text := question
				if n%10 == 9 {
					text = attacks[n%len(attacks)]
				}
				body, err := json.Marshal(map[string]string{"question": text})
				if err != nil {
					t.Error(err)
					return
				}
				status, got := d.postWith(t, tokens[tenant], string(body))
				mu.Lock()
				switch {
				case strings.Contains(string(got), "note of "+other), strings.Contains(string(got), "note of jane"):
					foreign++
					t.Errorf("tenant %s: %s", tenant, got)
				case text != question && strings.Contains(string(got), "refused"):
					refused++
				case status == http.StatusOK && strings.Contains(string(got), `"data":[["note of `+tenant+`"]]`):
					right++
				default:
					t.Errorf("tenant %s: status %d: %s", tenant, status, got)
				}
				mu.Unlock()
			}
		})
	}
	for n := range questions {
		numbers <- n
	}
	close(numbers)
	group.Wait()
	if foreign > 0 || right != questions*9/10 || refused != questions/10 {
		t.Errorf("%d foreign answers, %d right ones and %d refused attacks of %d questions", foreign, right, refused, questions)
	}
}

// invokeDirectly invokes the function without the API.
func (d *deployment) invokeDirectly(t *testing.T, payload string) string {
	t.Helper()
	answer, err := lambda.NewFromConfig(d.config(root())).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(d.resources(t, "AWS::Lambda::Function")[0]), Payload: []byte(payload),
	})
	if err != nil {
		t.Fatal(err)
	}
	return compact(t, answer.Payload)
}
