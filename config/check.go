package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"defog-cdk/config/connection"
)

// checker finds what is wrong with settings that are right one by one.
type checker struct {
	Settings
	origins  map[string]string // where each value came from; no entry is the default
	problems []error

	command map[string]any // what -c said
	stages  []*checker     // of a pipeline
}

// check returns every problem.
func (c *checker) check() []error {
	c.checkStack()
	c.checkFunction()
	c.checkAuth()
	c.checkNetwork()
	c.checkRole()
	c.checkDomain()
	c.checkEnvironment()
	c.checkSmoke()
	c.checkTags("tags", c.Tags)
	c.checkTags("function_role_tags", c.RoleTags)
	c.checkTags("function_api_tags", c.APITags)
	c.checkTags("function_s3_tags", c.BucketTags)
	c.checkTagsTogether("function_role_tags", c.RoleTags)
	c.checkTagsTogether("function_api_tags", c.APITags)
	c.checkTagsTogether("function_s3_tags", c.BucketTags)
	c.checkSecrets()
	return c.problems
}

func (c *checker) failf(key, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s (%s): %s", key, c.origin(key), fmt.Sprintf(format, args...)))
}

func (c *checker) origin(key string) string { return origin(c.origins, key) }

// origin says where a setting came from; of one that is given entry by entry,
// the first of them.
func origin(origins map[string]string, key string) string {
	for _, said := range slices.Sorted(maps.Keys(origins)) {
		if said == key || strings.HasPrefix(said, key+".") {
			return origins[said]
		}
	}
	return byDefault
}

// byDefault is the origin of what nobody said.
const byDefault = "default"

// given reports whether somebody said the setting, or an entry of it, be it
// with a wrong value.
func (c *checker) given(key string) bool { return c.origin(key) != byDefault }

func (c *checker) checkStack() {
	if n := len(c.StackName()); n > 128 {
		c.failf("app_name", "the stack's name %s has %d characters; valid: 128 at the most, with the stage", c.StackName(), n)
	}
}

const (
	// APIWaits is how many seconds an HTTP API waits for the function.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	APIWaits = 30

	// answering is how many seconds the function keeps for the answer itself:
	// margin in lambda/ask.
	answering = 1
)

// checkFunction checks the settings that are for one kind of function, and that
// the other kind has none of them.
func (c *checker) checkFunction() {
	deployed := "query"
	if c.CustomFunction() {
		deployed = "own"
	}
	for _, f := range settingFields {
		switch {
		case f.only == "" || f.only == deployed || !c.given(f.key):
		case deployed == "own":
			c.failf(f.key, "is for the query function, and %s asks for a function of your own; remove one of them", c.askedBy())
		default:
			c.failf(f.key, "is for a function of your own; give that with function_source_dist_zip, or with function_source_bucket and function_source_dist_key")
		}
	}
	if c.CustomFunction() {
		c.checkOwn()
		return
	}
	c.checkTimeouts()
	c.checkConnection()
	c.checkGenerator()
	c.checkResults()
}

func (c *checker) checkTimeouts() {
	if c.Timeout > APIWaits {
		c.failf("lambda_timeout", "%d s is longer than the HTTP API waits for the function; valid: up to %d s", c.Timeout, APIWaits)
	}
	if sum := c.GeneratorTimeout + c.StatementTimeout + answering; sum > c.Timeout {
		c.failf("lambda_timeout", "%d s is less than generator_timeout's %d s (%s) + statement_timeout's %d s (%s) + %d s for the answer = %d s; "+
			"valid: no less than that sum, and up to the %d s that the HTTP API waits",
			c.Timeout, c.GeneratorTimeout, c.origin("generator_timeout"), c.StatementTimeout, c.origin("statement_timeout"), answering, sum, APIWaits)
	}
}

func (c *checker) checkConnection() {
	switch {
	case !c.given("credentials_secret") && c.given("db_type"):
		c.failf("db_type", "goes with credentials_secret only; without it, connection_file says the db_type")
	case c.given("credentials_secret") && !slices.Contains(connection.DBTypes(), c.DBType):
		c.failf("db_type", "%q is not the secret's db_type; valid: %s", c.DBType, strings.Join(connection.DBTypes(), ", "))
	}
}

// readers are the generators that read a setting of their own.
var readers = map[string][]string{
	"generator_model":    {"bedrock", "openai"},
	"generator_region":   {"bedrock"},
	"generator_base_url": {"openai"},
}

// knowledge is the file among the dependencies without which a generator
// knows nothing of the database.
var knowledge = map[string]string{
	"golden":  "golden.json",
	"bedrock": "schema.json (go run ./cmd/defog schema writes it)",
	"openai":  "schema.json (go run ./cmd/defog schema writes it)",
}

func (c *checker) checkGenerator() {
	if slices.Contains(readers["generator_model"], c.Generator) && !c.given("generator_model") {
		c.failf("generator_model", "missing; generator %s needs the model's id", c.Generator)
	}
	for _, key := range slices.Sorted(maps.Keys(readers)) {
		if c.given(key) && !slices.Contains(readers[key], c.Generator) {
			c.failf(key, "nothing reads it with generator %s; remove it", c.Generator)
		}
	}
}

func (c *checker) checkResults() {
	if c.given("results_lifetime") && !c.given("results_bucket") {
		c.failf("results_lifetime", "goes with results_bucket, which is missing")
	}
}

func (c *checker) checkNetwork() {
	switch subnets, groups := c.given("subnet_ids"), c.given("security_group_ids"); {
	case c.given("vpc_id") && (subnets || groups):
		c.failf("vpc_id", "finds subnets by itself; remove it, or subnet_ids and security_group_ids")
	case subnets && !groups:
		c.failf("subnet_ids", "go together with security_group_ids, which is missing")
	case groups && !subnets:
		c.failf("security_group_ids", "go together with subnet_ids, which is missing")
	}
}

func (c *checker) checkDomain() {
	if c.Domain == nil {
		return
	}
	const key = "api_gateway_custom_domain."
	if !c.given(key + "domain_name") {
		c.failf(key+"domain_name", "missing; valid: a domain name, as sql.example.com")
	}
	if !c.given(key + "certificate_arn") {
		c.failf(key+"certificate_arn", "missing; valid: %s", forms["certificate"].says)
	}
	zone := c.Domain.HostedZoneName
	switch {
	case c.given(key+"hosted_zone_id") != c.given(key+"hosted_zone_name"):
		c.failf(key+"hosted_zone_id", "goes together with hosted_zone_name; give both or none")
	case zone != "" && c.Domain.DomainName != zone && !strings.HasSuffix(c.Domain.DomainName, "."+zone):
		c.failf(key+"hosted_zone_name", "%q cannot hold records of %q; valid: a parent of the domain, or itself", zone, c.Domain.DomainName)
	}
	c.checkTags(key+"tags", c.Domain.Tags)
}

func (c *checker) checkSmoke() {
	switch {
	case c.given("smoke_expect") && !c.given("smoke_question"):
		c.failf("smoke_expect", "goes with smoke_question, which is missing")
	case c.given("smoke_question") && c.APIAuth == "jwt":
		c.failf("smoke_question", "needs api_auth=iam or none: the pipeline has no token of jwt_issuer; remove it")
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (c *checker) checkEnvironment() {
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		key := "environment_variables." + name
		switch {
		case !variableName.MatchString(name):
			c.failf(key, "is no variable's name; valid: a letter, then letters, digits and underscores")
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "LAMBDA_"):
			c.failf(key, "is reserved by Lambda; choose a name without that prefix")
		case name == "DEFOG_CREDS_64":
			c.failf(key, "holds credentials, which the stack takes from connection_file; have go run ./cmd/defog migrate make that file, and remove it here")
		case strings.HasPrefix(name, "DEFOG_"):
			c.failf(key, "is set by the stack; use the setting instead")
		case HoldsSecret(name, c.Environment[name]):
			c.failf(key, "looks like a secret; %s. For another, give the variable the secret's ARN and have it read at run time", isSecret)
		}
	}
}

// checkTagsTogether counts a resource's own tags with those of the stack.
func (c *checker) checkTagsTogether(key string, own map[string]string) {
	together := map[string]string{}
	maps.Copy(together, c.Tags)
	maps.Copy(together, own)
	if len(own) <= 50 && len(c.Tags) <= 50 && len(together) > 50 {
		c.failf(key, "%d tags together with tags; valid: 50 at the most on one resource", len(together))
	}
}

// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
func (c *checker) checkTags(key string, tags map[string]string) {
	if len(tags) > 50 {
		c.failf(key, "%d tags; valid: 50 at the most", len(tags))
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		key, value := key+"."+name, tags[name]
		switch {
		case name == "" || utf8.RuneCountInString(name) > 128 || utf8.RuneCountInString(value) > 256:
			c.failf(key, "is too long or has no name; valid: names of 1 to 128 characters, values of up to 256")
		case strings.HasPrefix(strings.ToLower(name), "aws:"):
			c.failf(key, "is reserved by AWS; valid: a name without the prefix aws:")
		case !tagText.MatchString(name) || !tagText.MatchString(value):
			c.failf(key, "has characters that tags cannot have; valid: letters, digits, spaces and _.:/=+-@")
		case HoldsSecret(name, value):
			c.failf(key, "looks like a secret; %s", isSecret)
		}
	}
}

// checkSecrets looks for credentials in the settings that are text.
func (c *checker) checkSecrets() {
	values := reflect.ValueOf(c.Settings)
	for _, f := range settingFields {
		texts, _ := values.Field(f.index).Interface().([]string)
		if f.kind.Kind() == reflect.String {
			texts = []string{values.Field(f.index).String()}
		}
		if slices.ContainsFunc(texts, looksSecret) {
			c.failf(f.key, "looks like a secret; %s", isSecret)
		}
	}
}
