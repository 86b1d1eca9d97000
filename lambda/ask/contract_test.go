package ask

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"defog-cdk/internal/page"
	"defog-cdk/internal/release"
	"defog-cdk/internal/typeschema"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/generate"
)

var update = flag.Bool("update", false, "rewrite docs/openapi.yaml")

const contractFile = "../../docs/openapi.yaml"

// contract is an OpenAPI document.
type contract struct {
	OpenAPI    string         `yaml:"openapi"`
	Info       map[string]any `yaml:"info"`
	Servers    []any          `yaml:"servers"`
	Security   []any          `yaml:"security"`
	Tags       []any          `yaml:"tags"`
	Paths      map[string]any `yaml:"paths"`
	Components map[string]any `yaml:"components"`
}

// TestContractIsCurrent makes docs/openapi.yaml of the types, of the codes and of the
// descriptions in docs/api.md.
func TestContractIsCurrent(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("# The API's contract. make golden writes it from lambda/ask, docs/api.md and lambda/ask/testdata/openapi.yaml.\n")
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(newContract(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(contractFile, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(contractFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(file), text.String()); diff != "" {
		t.Errorf("run make golden if this change is intended\n-want +got:\n%s", diff)
	}
}

// TestArraysOfContractHaveItems: openapi-python-client generates no operation whose
// messages have an array without items.
func TestArraysOfContractHaveItems(t *testing.T) {
	var document map[string]any
	readYAML(t, contractFile, &document)
	arrays := 0
	var walk func(path string, node any)
	walk = func(path string, node any) {
		switch node := node.(type) {
		case map[string]any:
			if types, _ := node["type"].([]any); node["type"] == "array" || slices.Contains(types, any("array")) {
				arrays++
				if node["items"] == nil {
					t.Errorf("%s: an array without items", path)
				}
			}
			for name, child := range node {
				walk(path+"/"+name, child)
			}
		case []any:
			for i, child := range node {
				walk(fmt.Sprint(path, "/", i), child)
			}
		}
	}
	walk("", document)
	if arrays == 0 {
		t.Error("the contract has no array")
	}
}

func newContract(t *testing.T) *contract {
	t.Helper()
	var c contract
	readYAML(t, "testdata/openapi.yaml", &c)
	c.Info["version"] = release.Version
	docs := readDescriptions(t)
	for name, schema := range messageSchemas(t, docs) {
		c.Components["schemas"].(map[string]any)[name] = schema
	}
	described := map[Code]bool{OK: true, Accepted: true, MethodNotAllowed: true} // the first two are in the log only; no route leads to the third
	for _, operation := range c.operations() {
		for _, code := range operation.complete(t, docs) {
			described[code] = true
		}
	}
	for code := range docs.codes {
		if !described[code] && code.Status() >= 400 {
			t.Errorf("testdata/openapi.yaml: no operation has the code %s of docs/api.md", code)
		}
	}
	return &c
}

// operation is a method of a path.
type operation struct {
	path, method string
	node         map[string]any
}

func (c *contract) operations() (all []operation) {
	for path, item := range c.Paths {
		for method, node := range item.(map[string]any) {
			if method != "parameters" {
				all = append(all, operation{path, strings.ToUpper(method), node.(map[string]any)})
			}
		}
	}
	return all
}

// complete adds the responses of the operation's codes, of its texts, and of AWS's API
// itself. It returns the codes.
func (o operation) complete(t *testing.T, docs descriptions) (codes []Code) {
	t.Helper()
	responses := map[string]any{}
	for status, known := range o.node["responses"].(map[string]any) { // anchors share it
		responses[status] = known
	}
	byStatus := map[int][]Code{}
	listed, _ := o.node["x-codes"].([]any)
	for _, name := range listed {
		code := Code(name.(string))
		if docs.codes[code] == "" {
			t.Errorf("%s %s: docs/api.md has no row for the code %s", o.method, o.path, code)
		}
		codes = append(codes, code)
		byStatus[code.Status()] = append(byStatus[code.Status()], code)
	}
	for status, codes := range byStatus {
		var meanings []string
		var names []any
		for _, code := range codes {
			meanings = append(meanings, fmt.Sprintf("%s: %s.", code, docs.codes[code]))
			names = append(names, string(code))
		}
		responses[strconv.Itoa(status)] = responseOf(strings.Join(meanings, "\n"), typeschema.Schema{"allOf": []any{
			reference("Error"), typeschema.Schema{"properties": typeschema.Schema{"error_code": typeschema.Schema{"enum": names}}},
		}})
	}
	texts, _ := o.node["x-texts"].(map[string]any)
	for status, meaning := range texts {
		responses[status] = map[string]any{"description": meaning, "content": map[string]any{"text/plain": map[string]any{"schema": typeschema.Schema{"type": "string"}}}}
	}
	for status, meaning := range gatewayResponses {
		_, isPublic := o.node["security"]
		if isPublic && (status == http.StatusUnauthorized || status == http.StatusForbidden) ||
			status == http.StatusRequestEntityTooLarge && o.node["requestBody"] == nil ||
			status == http.StatusNotFound && !strings.Contains(o.path, "{") {
			continue
		}
		addGateway(responses, status, meaning)
	}
	if limited := responses["429"].(map[string]any); byStatus[http.StatusTooManyRequests] != nil {
		limited["headers"] = map[string]any{"Retry-After": map[string]any{"$ref": "#/components/headers/RetryAfter"}}
	}
	if refused, ok := responses["405"].(map[string]any); ok {
		refused["headers"] = map[string]any{"Allow": map[string]any{"$ref": "#/components/headers/Allow"}}
	}
	o.node["responses"] = responses
	delete(o.node, "x-codes")
	delete(o.node, "x-texts")
	return codes
}

// gatewayResponses are the responses of AWS's API itself.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
var gatewayResponses = map[int]string{
	http.StatusUnauthorized:          "The token is missing or invalid.",
	http.StatusForbidden:             "The signature is missing or invalid, or the caller may not call the API.",
	http.StatusNotFound:              "The path leads nowhere.",
	http.StatusRequestEntityTooLarge: "The request is over 10 MB.",
	http.StatusTooManyRequests:       "The API is throttled.",
	http.StatusInternalServerError:   "The function crashed.",
	http.StatusServiceUnavailable:    "The function is throttled, or took over 30 s.",
}

func addGateway(responses map[string]any, status int, meaning string) {
	key := strconv.Itoa(status)
	given, ok := responses[key].(map[string]any)
	if !ok {
		responses[key] = responseOf(meaning, reference("Gateway"))
		return
	}
	changed := responseOf(given["description"].(string)+"\nOf AWS's API: "+meaning, reference("Gateway"))
	for kind, media := range given["content"].(map[string]any) {
		if kind == "application/json" {
			media = map[string]any{"schema": typeschema.Schema{"anyOf": []any{media.(map[string]any)["schema"], reference("Gateway")}}}
		}
		changed["content"].(map[string]any)[kind] = media
	}
	responses[key] = changed
}

func responseOf(description string, schema typeschema.Schema) map[string]any {
	return map[string]any{"description": description, "content": map[string]any{"application/json": map[string]any{"schema": schema}}}
}

func reference(name string) typeschema.Schema {
	return typeschema.Schema{"$ref": "#/components/schemas/" + name}
}

// messageSchemas returns the schemas of requests and answers.
func messageSchemas(t *testing.T, docs descriptions) map[string]typeschema.Schema {
	t.Helper()
	types := typeschema.Options{
		Describe: func(name string) string { return docs.answer[name] },
		Types: map[reflect.Type]typeschema.Schema{
			reflect.TypeFor[answers.Status]():  {"type": "string", "enum": []any{"queued", "writing_sql", "running", "done", "failed", "cancelled"}},
			reflect.TypeFor[generate.Origin](): {"type": "string", "enum": []any{string(generate.FromGolden), string(generate.FromSimilarGolden), string(generate.FromModel)}},
			reflect.TypeFor[Code]():            {"type": "string", "enum": docs.errorCodes()},
		},
	}
	schemas := map[string]typeschema.Schema{"Question": questionSchema(t, docs)}
	config, err := typeschema.Options{}.Of(reflect.TypeFor[page.Config]())
	if err != nil {
		t.Fatal(err)
	}
	schemas["PageConfig"] = config
	for name, value := range map[string]any{"Answer": answer{}, "Error": refusal{}, "Pending": pending{}} {
		schema, err := types.Of(reflect.TypeOf(value))
		if err != nil {
			t.Fatal(err)
		}
		for member := range schema["properties"].(typeschema.Schema) {
			if docs.answer[member] == "" {
				t.Errorf("docs/api.md: has no row for the field %s of an answer", member)
			}
		}
		schemas[name] = schema
	}
	successful := schemas["Answer"]["properties"].(typeschema.Schema)
	successful["columns"] = typeschema.Schema{"type": "array", "items": typeschema.Schema{"type": "string"}, "description": docs.answer["columns"]}
	successful["data"] = typeschema.Schema{"type": "array", "items": typeschema.Schema{"type": "array", "items": typeschema.Schema{}}, "description": docs.answer["data"]}
	successful["ran_successfully"] = typeschema.Schema{"const": true}
	schemas["Error"]["properties"].(typeschema.Schema)["ran_successfully"] = typeschema.Schema{"const": false}
	return schemas
}

// notBlank matches what strings.TrimSpace leaves of a text.
const notBlank = "[^\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

// questionSchema returns the schema of a request's body. A default is the target's
// value in a new request.
func questionSchema(t *testing.T, docs descriptions) typeschema.Schema {
	t.Helper()
	r := newRequest()
	properties := typeschema.Schema{}
	for name, target := range r.fields() {
		var schema typeschema.Schema
		switch target := target.(type) {
		case *string:
			schema = typeschema.Schema{"type": []any{"string", "null"}, "maxLength": maxContext}
		case *bool:
			schema = typeschema.Schema{"type": []any{"boolean", "null"}, "default": *target}
		case **bool:
			schema = typeschema.Schema{"type": []any{"boolean", "null"}}
		case *int:
			schema = typeschema.Schema{"type": []any{"integer", "null"}, "minimum": 0, "maximum": maxNumber, "default": *target}
		case *list:
			schema = typeschema.Schema{"type": []any{"array", "null"}, "items": typeschema.Schema{}}
		case *json.RawMessage:
			schema = typeschema.Schema{}
		default:
			t.Fatalf("%s: no schema for %T", name, target)
		}
		if schema["description"] = docs.request[name]; docs.request[name] == "" {
			t.Errorf("docs/api.md: has no row for the field %s of a request", name)
		}
		properties[name] = schema
	}
	properties["question"] = typeschema.Schema{
		"type": "string", "minLength": 1, "maxLength": maxQuestion, "pattern": notBlank, "description": docs.request["question"],
	}
	return typeschema.Schema{"type": "object", "required": []any{"question"}, "additionalProperties": false, "properties": properties}
}

// descriptions are what docs/api.md has about fields and codes.
type descriptions struct {
	request, answer map[string]string
	codes           map[Code]string
}

// errorCodes returns the values of error_code.
func (d descriptions) errorCodes() (codes []any) {
	for _, code := range slices.Sorted(maps.Keys(d.codes)) {
		if code != Accepted {
			codes = append(codes, string(code))
		}
	}
	return codes
}

var (
	tableRow = regexp.MustCompile(`(?m)^\| (.+?) \|(?: (.*) \|)? (.+?) \|$`)
	codeSpan = regexp.MustCompile("`([^`]+)`")
	markup   = regexp.MustCompile("\\[([^\\]]*)\\]\\([^)]*\\)|`")
)

func readDescriptions(t *testing.T) descriptions {
	t.Helper()
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := func(heading string) map[string]string {
		_, section, _ := strings.Cut(string(page), "\n## "+heading+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		found := map[string]string{}
		for _, row := range tableRow.FindAllStringSubmatch(section, -1) {
			for _, name := range codeSpan.FindAllStringSubmatch(row[1], -1) {
				found[name[1]] = markup.ReplaceAllString(row[3], "$1")
			}
		}
		return found
	}
	d := descriptions{request: rows("Request"), answer: rows("Answer"), codes: map[Code]string{}}
	maps.Copy(d.answer, rows("Trust"))
	for name := range new(request).fields() {
		if strings.HasPrefix(name, "prune_") && d.request[name] == "" {
			d.request[name] = d.request["prune_…"]
		}
	}
	codes := rows("Codes")
	delete(codes, "error_code") // the table's head
	for code, meaning := range codes {
		d.codes[Code(code)] = meaning
	}
	if len(d.codes) < 15 {
		t.Fatalf("docs/api.md: %d codes; want all", len(d.codes))
	}
	return d
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// checkedContract validates messages against docs/openapi.yaml. Answers may not have further
// fields.
type checkedContract struct {
	compiler *jsonschema.Compiler
	document map[string]any
}

func checkedAPI(t *testing.T) *checkedContract {
	t.Helper()
	contractOnce.Do(func() { sharedContract = parseContract(t) })
	if sharedContract == nil {
		t.Fatalf("%s is invalid", contractFile)
	}
	return sharedContract
}

var (
	contractOnce   sync.Once // the tests of a package share one: it takes long to parse
	sharedContract *checkedContract
)

func parseContract(t *testing.T) *checkedContract {
	t.Helper()
	var document map[string]any
	readYAML(t, contractFile, &document)
	for _, name := range []string{"Answer", "Error", "Pending"} {
		schema := document["components"].(map[string]any)["schemas"].(map[string]any)[name].(map[string]any)
		schema["additionalProperties"] = false
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	v := &checkedContract{jsonschema.NewCompiler(), document}
	if err := v.compiler.AddResource(contractFile, parsed); err != nil {
		t.Fatal(err)
	}
	return v
}

// validate compares a JSON text with the schema at a path of the document.
func (v *checkedContract) validate(t *testing.T, text string, path ...string) error {
	t.Helper()
	escaped := make([]string, len(path))
	for i, part := range path {
		escaped[i] = strings.ReplaceAll(part, "/", "~1")
	}
	schema, err := v.compiler.Compile(contractFile + "#/" + strings.Join(escaped, "/"))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// checkExchange compares an event of the API and its response with the contract. Other
// payloads pass.
func checkExchange(t *testing.T, payload, out string) {
	t.Helper()
	var event struct {
		RouteKey, Body  string
		IsBase64Encoded bool
		RequestContext  struct{ HTTP struct{ Method string } }
	}
	var got reply
	if err := json.Unmarshal([]byte(payload), &event); err != nil || event.RequestContext.HTTP.Method == "" {
		return
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	v := checkedAPI(t)
	method, path := strings.ToLower(event.RequestContext.HTTP.Method), strings.Split(event.RouteKey, " ")[1]
	if got.StatusCode == http.StatusMethodNotAllowed {
		return // the API has no route for the method
	}
	operation, ok := v.document["paths"].(map[string]any)[path].(map[string]any)[method].(map[string]any)
	if !ok {
		t.Errorf("docs/openapi.yaml: has no %s %s, which has status %d", method, path, got.StatusCode)
		return
	}
	status := strconv.Itoa(got.StatusCode)
	answered, ok := operation["responses"].(map[string]any)[status].(map[string]any)
	if !ok {
		t.Errorf("docs/openapi.yaml: %s %s has no response %s", method, path, status)
		return
	}
	if err := v.validate(t, got.Body, "paths", path, method, "responses", status, "content", "application/json", "schema"); err != nil {
		t.Errorf("docs/openapi.yaml: %s %s: %s: %v", method, path, got.Body, err)
	}
	headers, _ := answered["headers"].(map[string]any)
	for name := range headers {
		if got.Headers[strings.ToLower(name)] == "" {
			t.Errorf("docs/openapi.yaml: %s %s: status %s has no header %s: %v", method, path, status, name, got.Headers)
		}
	}
	if method == "post" && path == "/" && got.StatusCode < http.StatusBadRequest && !event.IsBase64Encoded {
		if err := v.validate(t, event.Body, "components", "schemas", "Question"); err != nil {
			t.Errorf("docs/openapi.yaml: an accepted body is invalid: %s: %v", event.Body, err)
		}
	}
}

// The contract and the function accept the same bodies.
func TestContractAndFunctionAgreeOnBodies(t *testing.T) {
	v := checkedAPI(t)
	tests := map[string]bool{`{}`: false, `[]`: false, `null`: false, `"text"`: false, `{"question": "How many?"}`: true, `{"question": " \t\n"}`: false,
		`{"question": "\u00a0\u3000"}`: false, `{"question": "\u001c"}`: true, `{"question": "x", "other": 1}`: false, `{"question": "x", "caller": {"sub": "jane"}}`: false,
		`{"question": "` + strings.Repeat("ü", maxQuestion) + `"}`: true, `{"question": "` + strings.Repeat("ü", maxQuestion+1) + `"}`: false,
	}
	values := []string{"1", "1.5", "-1", "1.0", "1e2", "99999999999999999999", `"text"`, "true", "null", "[]", `[1, {"a": null}]`, "{}", `""`}
	for name := range new(request).fields() {
		for _, value := range values {
			if body := fmt.Sprintf(`{"question": "x", %q: %s}`, name, value); name != "question" {
				tests[body] = v.validate(t, body, "components", "schemas", "Question") == nil
			}
		}
	}
	for body, valid := range tests {
		_, fail := parseRequest([]byte(body))
		schema := v.validate(t, body, "components", "schemas", "Question")
		if (fail == nil) != valid || (schema == nil) != valid {
			t.Errorf("%.200s: valid %v; function: %+v; contract: %v", body, valid, fail, schema)
		}
	}
}

// The contract and the function accept the same feedback.
func TestContractAndFunctionAgreeOnFeedback(t *testing.T) {
	v := checkedAPI(t)
	for body, valid := range map[string]bool{
		`{"request_id": "A-1", "verdict": "right"}`:                                                         true,
		`{"request_id": "A-1", "verdict": "right", "sql": "", "comment": null}`:                             true,
		`{"request_id": "A-1", "verdict": "wrong", "sql": "SELECT 1", "comment": "All."}`:                   true,
		`{"request_id": "A-1", "verdict": "wrong", "sql": null}`:                                            true,
		`{"request_id": "A-1", "verdict": "right", "sql": "SELECT 1"}`:                                      false,
		`{"request_id": "A-1", "verdict": "wrong", "sql": " "}`:                                             false,
		`{"request_id": "A/1", "verdict": "wrong"}`:                                                         false,
		`{"request_id": "", "verdict": "wrong"}`:                                                            false,
		`{"request_id": "A-1", "verdict": "maybe"}`:                                                         false,
		`{"request_id": "A-1"}`:                                                                             false,
		`{"verdict": "wrong"}`:                                                                              false,
		`{"request_id": "A-1", "verdict": "wrong", "note": "x"}`:                                            false,
		`{"request_id": "A-1", "verdict": "wrong", "comment": 1}`:                                           false,
		`{"request_id": "A-1", "verdict": "wrong", "comment": "` + strings.Repeat("ü", maxComment) + `"}`:   true,
		`{"request_id": "A-1", "verdict": "wrong", "comment": "` + strings.Repeat("ü", maxComment+1) + `"}`: false,
	} {
		_, fail := parseFeedback([]byte(body))
		schema := v.validate(t, body, "components", "schemas", "Feedback")
		if (fail == nil) != valid || (schema == nil) != valid {
			t.Errorf("%.200s: valid %v; function: %+v; contract: %v", body, valid, fail, schema)
		}
	}
}
