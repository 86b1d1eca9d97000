package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"defog-cdk/config/connection"
	"defog-cdk/internal/suggest"
)

// checker finds contradictions between settings that are valid one by one.
type checker struct {
	Settings
	origins  map[string]string // the source of each value; the default has no entry
	problems []error

	command map[string]any // settings from -c
	stages  []*checker     // of a pipeline
}

// check collects every problem.
func (c *checker) check() {
	c.checkStack()
	c.checkFunction()
	c.checkAuth()
	c.checkPage()
	c.checkNetwork()
	c.checkRole()
	c.checkDomain()
	c.checkEnvironment()
	c.checkSmoke()
	c.checkDrift()
	c.checkTags("tags", c.Tags)
	c.checkTags("function_role_tags", c.RoleTags)
	c.checkTags("function_api_tags", c.APITags)
	c.checkTags("function_s3_tags", c.BucketTags)
	c.checkTotalTags("function_role_tags", c.RoleTags)
	c.checkTotalTags("function_api_tags", c.APITags)
	c.checkTotalTags("function_s3_tags", c.BucketTags)
	c.checkSecrets()
}

func (c *checker) checkDrift() {
	if c.DriftCheck != "off" && c.AlarmEmail == "" {
		c.failf("drift_check", "has no recipient; want alarm_email with it")
	}
}

func (c *checker) failf(key, format string, args ...any) {
	c.problems = append(c.problems, &Problem{key, c.origin(key), fmt.Errorf(format, args...)})
}

func (c *checker) origin(key string) string { return origin(c.origins, key) }

// origin returns the source of a setting; of a map, that of its first entry.
func origin(origins map[string]string, key string) string {
	for _, set := range slices.Sorted(maps.Keys(origins)) {
		if set == key || strings.HasPrefix(set, key+".") {
			return origins[set]
		}
	}
	return defaultOrigin
}

// defaultOrigin is the source of an unset setting.
const defaultOrigin = "default"

// given reports whether a source sets the setting or an entry of it, even with an
// invalid value.
func (c *checker) given(key string) bool { return c.origin(key) != defaultOrigin }

func (c *checker) checkStack() {
	if n := len(c.StackName()); n > 128 {
		c.failf("app_name", "the stack's name %s has %d characters; want at most 128, with the stage", c.StackName(), n)
	}
}

const (
	// APIWaits is the timeout of an HTTP API, in seconds.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	APIWaits = 30

	// answerTime is the function's time for the answer itself, in seconds: margin
	// in lambda/ask.
	answerTime = 1

	// longestTimeout is Lambda's limit in seconds.
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	longestTimeout = 900

	// storeTime is the function's time for storing a long question's answer, in
	// seconds: StoreTime in lambda/answers.
	storeTime = 10
)

// checkFunction checks the settings of the deployed function, and that none of the
// other one's are set.
func (c *checker) checkFunction() {
	deployed := "query"
	if c.CustomFunction() {
		deployed = "custom"
	}
	for _, f := range settingFields {
		switch {
		case f.only == "" || f.only == deployed || !c.given(f.key):
		case deployed == "custom":
			c.failf(f.key, "applies to the query function only, but %s deploys a custom function; want one of them", c.customKey())
		default:
			c.failf(f.key, "applies to a custom function only; want function_source_dist_zip, or function_source_bucket and function_source_dist_key")
		}
	}
	if c.CustomFunction() {
		c.checkCustom()
		return
	}
	c.checkTimeouts()
	c.checkAsync()
	c.checkHistory()
	c.checkConnection()
	if c.given("credentials_secret") || c.given("generator") {
		c.chooseGenerator(connection.SecretGenerator)
	}
	c.checkGenerator()
	c.checkResults()
	c.checkSpending()
	c.checkRowSecurity()
}

func (c *checker) checkTimeouts() {
	most, answer := APIWaits, answerTime
	if c.AsyncQuestions {
		most, answer = longestTimeout, answerTime+storeTime
	}
	if c.Timeout > most {
		c.failf("lambda_timeout", "%d s exceeds the HTTP API's timeout; want up to %d s, or async_questions=true for longer questions", c.Timeout, most)
	}
	if sum := c.GeneratorTimeout + c.StatementTimeout + answer; sum > c.Timeout {
		c.failf("lambda_timeout", "%d s is less than generator_timeout=%d (%s) + statement_timeout=%d (%s) + %d s for the answer = %d s; want that sum within lambda_timeout, at most %d s",
			c.Timeout, c.GeneratorTimeout, c.origin("generator_timeout"), c.StatementTimeout, c.origin("statement_timeout"), answer, sum, most)
	}
}

// checkAsync checks the settings of long questions.
func (c *checker) checkAsync() {
	if !c.AsyncQuestions {
		for _, key := range []string{"async_concurrency", "async_point_in_time_recovery"} {
			if c.given(key) {
				c.failf(key, "not used without long questions; want async_questions=true with it")
			}
		}
		return
	}
	if reserved := c.ReservedConcurrency; reserved != nil && *reserved > 0 && *reserved <= c.AsyncConcurrency {
		c.failf("async_concurrency", "%d long questions (%s) can use all of reserved_concurrency=%d, and no other request is answered then; want less than reserved_concurrency, or no reserved_concurrency",
			c.AsyncConcurrency, c.origin("async_concurrency"), *reserved)
	}
}

func (c *checker) checkHistory() {
	if !c.History && c.given("history_expiration_in_days") {
		c.failf("history_expiration_in_days", "not used without history; want history=true with it")
	}
}

func (c *checker) checkConnection() {
	switch {
	case !c.given("credentials_secret") && c.given("db_type"):
		c.failf("db_type", "not used without credentials_secret, because connection_file holds db_type; want both or neither")
	case c.given("credentials_secret") && c.DBType == "":
		c.failf("db_type", "missing; want the db_type in the secret: %s", strings.Join(connection.DBTypes(), ", "))
	case c.given("credentials_secret") && !slices.Contains(connection.DBTypes(), c.DBType):
		c.failf("db_type", "%q is unknown%s; want %s", c.DBType, suggest.Hint(c.DBType, connection.DBTypes()), strings.Join(connection.DBTypes(), ", "))
	}
}

// generatorKeys are the settings of single SQL generators.
var generatorKeys = map[string][]string{
	"generator_model":         {"bedrock", "openai"},
	"schema_ttl":              {"bedrock", "openai"},
	"generator_region":        {"bedrock"},
	"generator_base_url":      {"openai"},
	"daily_cost_alarm":        {"bedrock", "openai"},
	"max_cost_per_day":        {"bedrock", "openai"},
	"max_tokens_per_question": {"bedrock", "openai"},
	"samples":                 {"bedrock", "openai", "defog"},
	"allow_clarification":     {"bedrock", "openai"},
	"state_assumptions":       {"bedrock", "openai"},
}

// generatorFiles are the files among the dependencies that a SQL generator requires.
var generatorFiles = map[string]string{"golden": "golden.json"}

// chooseGenerator sets the SQL generator that no setting names, and its model.
func (c *checker) chooseGenerator(generator string) {
	if c.Generator == "" {
		c.Generator = generator
	}
	c.GeneratorModel = connection.ModelOf(c.Generator, c.GeneratorModel)
}

// checkGenerator checks the settings of the SQL generator. Without a setting, the
// connection decides which one that is.
func (c *checker) checkGenerator() {
	if c.Generator == "" {
		return
	}
	if c.Generator == "openai" && !c.given("generator_model") {
		c.failf("generator_model", "missing; want the id of a model, which generator %s requires", c.Generator)
	}
	for _, key := range slices.Sorted(maps.Keys(generatorKeys)) {
		if c.given(key) && !slices.Contains(generatorKeys[key], c.Generator) {
			c.failf(key, "not used by generator %s (%s); want %s", c.Generator, c.origin("generator"), strings.Join(generatorKeys[key], " or "))
		}
	}
}

func (c *checker) checkResults() {
	if c.given("results_lifetime") && !c.given("results_bucket") {
		c.failf("results_lifetime", "not used without results_bucket; want both or neither")
	}
}

func (c *checker) checkNetwork() {
	switch subnets, groups := c.given("subnet_ids"), c.given("security_group_ids"); {
	case c.given("vpc_id") && (subnets || groups):
		c.failf("vpc_id", "contradicts subnet_ids and security_group_ids; want vpc_id or these two")
	case subnets && !groups:
		c.failf("subnet_ids", "security_group_ids is missing; want both or neither")
	case groups && !subnets:
		c.failf("security_group_ids", "subnet_ids is missing; want both or neither")
	}
}

func (c *checker) checkDomain() {
	if c.Domain == nil {
		return
	}
	const key = "api_gateway_custom_domain."
	if !c.given(key + "domain_name") {
		c.failf(key+"domain_name", "missing; want %s", forms["domain"].description)
	}
	if !c.given(key + "certificate_arn") {
		c.failf(key+"certificate_arn", "missing; want %s", forms["certificate"].description)
	}
	zone := c.Domain.HostedZoneName
	switch {
	case c.given(key+"hosted_zone_id") != c.given(key+"hosted_zone_name"):
		c.failf(key+"hosted_zone_id", "hosted_zone_id and hosted_zone_name belong together; want both or neither")
	case zone != "" && c.Domain.DomainName != zone && !strings.HasSuffix(c.Domain.DomainName, "."+zone):
		c.failf(key+"hosted_zone_name", "%q cannot hold records of %q; want the domain or a parent of it", zone, c.Domain.DomainName)
	}
	c.checkTags(key+"tags", c.Domain.Tags)
}

func (c *checker) checkSmoke() {
	switch {
	case c.given("smoke_expect") && !c.given("smoke_question"):
		c.failf("smoke_expect", "not used without smoke_question; want both or neither")
	case c.given("smoke_set") && !c.given("smoke_question"):
		c.failf("smoke_set", "not used without smoke_question; want both or neither")
	case c.given("smoke_min_accuracy") && !c.given("smoke_set"):
		c.failf("smoke_min_accuracy", "not used without smoke_set; want both or neither")
	case c.given("smoke_question") && c.APIAuth == "jwt":
		c.failf("smoke_question", "not supported with api_auth=jwt, because the pipeline has no token; want api_auth=iam or none")
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (c *checker) checkEnvironment() {
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		key := "environment_variables." + name
		switch {
		case !variableName.MatchString(name):
			c.failf(key, "invalid name; want a letter, then letters, digits and underscores")
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "LAMBDA_"):
			c.failf(key, "reserved by Lambda; want a name without the prefix AWS_ or LAMBDA_")
		case name == "DEFOG_CREDS_64":
			c.failf(key, "credentials in settings; want them in connection_file, which go run ./cmd/defog migrate writes")
		case strings.HasPrefix(name, "DEFOG_"):
			c.failf(key, "reserved for the stack; want the corresponding setting")
		case HoldsSecret(name, c.Environment[name]):
			c.failf(key, "looks like a secret; %s. For other secrets, want a variable with the secret's ARN", noSecret)
		}
	}
}

// checkTotalTags counts a resource's additional tags and those of the stack.
func (c *checker) checkTotalTags(key string, additional map[string]string) {
	total := map[string]string{}
	maps.Copy(total, c.Tags)
	maps.Copy(total, additional)
	if len(additional) <= 50 && len(c.Tags) <= 50 && len(total) > 50 {
		c.failf(key, "%d tags together with the setting tags; want at most 50 on one resource", len(total))
	}
}

// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
func (c *checker) checkTags(key string, tags map[string]string) {
	if len(tags) > 50 {
		c.failf(key, "%d tags; want at most 50", len(tags))
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		key, value := key+"."+name, tags[name]
		switch {
		case name == "" || utf8.RuneCountInString(name) > 128 || utf8.RuneCountInString(value) > 256:
			c.failf(key, "invalid length; want a name of 1 to 128 characters and a value of up to 256")
		case strings.HasPrefix(strings.ToLower(name), "aws:"):
			c.failf(key, "reserved by AWS; want a name without the prefix aws:")
		case !tagText.MatchString(name) || !tagText.MatchString(value):
			c.failf(key, "invalid characters; want letters, digits, spaces and _.:/=+-@")
		case HoldsSecret(name, value):
			c.failf(key, "looks like a secret; %s", noSecret)
		}
	}
}

// checkSecrets looks for credentials in text settings.
func (c *checker) checkSecrets() {
	values := reflect.ValueOf(c.Settings)
	for _, f := range settingFields {
		texts, _ := values.Field(f.index).Interface().([]string)
		if f.kind.Kind() == reflect.String {
			texts = []string{values.Field(f.index).String()}
		}
		if slices.ContainsFunc(texts, looksSecret) {
			c.failf(f.key, "looks like a secret; %s", noSecret)
		}
	}
}
