package review

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/internal/environ"
)

// rule finds the changes of one property that make a stack less secure. weaker
// returns a phrase for such a change, and "" for any other; a missing value is nil.
type rule struct {
	types  string // prefix of the resource's type; empty for every type
	path   string
	weaker func(before, after any) string
	whole  bool // whether the rule also applies to a new resource
}

var rules = []rule{
	{"AWS::ApiGatewayV2::Route", "AuthorizationType", opened("the route becomes public"), true},
	{"AWS::ApiGatewayV2::Route", "AuthorizerId", changed("the route has another authorizer"), false},
	{"AWS::ApiGatewayV2::Route", "RouteKey", changed("the API accepts other requests"), false},
	{"AWS::Lambda::Url", "AuthType", opened("the function's URL becomes public"), true},
	{"AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Issuer", changed("tokens of another issuer are accepted"), false},
	{"AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Audience", more("tokens for more audiences are accepted"), false},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowOrigins", more("pages of more web origins may call the API"), true},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowMethods", more("pages may send more methods"), false},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowHeaders", more("pages may send more headers"), false},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowCredentials", on("pages may send cookies along"), true},
	{"AWS::ApiGatewayV2::Api", "DisableExecuteApiEndpoint", off("the default URL is enabled"), false},
	{"AWS::ApiGatewayV2::Stage", "DefaultRouteSettings.ThrottlingRateLimit", raised("the limit of requests per second rises"), false},
	{"AWS::ApiGatewayV2::Stage", "DefaultRouteSettings.ThrottlingBurstLimit", raised("the limit of concurrent requests rises"), false},
	{"AWS::ApiGatewayV2::Stage", "AccessLogSettings", gone("requests are no longer logged"), false},
	{"AWS::ApiGatewayV2::DomainName", "DomainNameConfigurations", changed("the domain's certificate or TLS changes"), false},
	{"AWS::Logs::LogGroup", "RetentionInDays", lowered("the retention of logs is shorter"), false},
	{"AWS::S3::Bucket", "PublicAccessBlockConfiguration", weakerBlock, false},
	{"AWS::S3::Bucket", "BucketEncryption", gone("the bucket is no longer encrypted with a key of choice"), false},
	{"AWS::S3::Bucket", "VersioningConfiguration", gone("the bucket no longer keeps versions"), false},
	{"", "KmsKeyId", gone("no longer encrypted with your key"), false},
	{"", "KMSKeyId", gone("no longer encrypted with your key"), false},
	{"", "KmsKeyArn", gone("no longer encrypted with your key"), false},
	{"", "KmsMasterKeyId", gone("no longer encrypted with your key"), false},
	{"", "StorageEncrypted", off("no longer encrypted"), false},
	{"", "PermissionsBoundary", gone("no longer has a permissions boundary"), false},
	{"AWS::KMS::Key", "EnableKeyRotation", off("the key is no longer rotated"), false},
	{"AWS::Lambda::Function", "VpcConfig", changed("the function leaves, enters or changes its network"), false},
	{"AWS::Lambda::Function", "Role", changed("the function runs with another role"), false},
	{"AWS::Lambda::Function", "Layers", more("the function has more layers"), false},
	{"AWS::EC2::SecurityGroup", "SecurityGroupIngress", more("more sources may connect"), true},
	{"AWS::EC2::SecurityGroup", "SecurityGroupEgress", more("may connect to more targets"), false},
	{"AWS::SNS::Subscription", "Endpoint", changed("messages go to another endpoint"), false},
	{"", variable(environ.Credentials), newCredentials, false},
	{"", variable(environ.CredentialsSecret), changed("the credentials come from another secret"), false},
	{"", variable(environ.Generator), changed("another SQL generator reads the questions"), false},
	{"", variable(environ.GeneratorBaseURL), changed("the questions and the API key go to another URL"), false},
	{"", variable(environ.GeneratorRegion), changed("the questions go to another region"), false},
	{"", variable(environ.LogQuestions), on("the log holds the questions"), false},
	{"", variable(environ.LogCallers), on("the log holds the callers' names"), false},
	{"", variable(environ.RowSecurity), changed("the database limits rows by caller in another way, or no longer"), false},
	{"", variable(environ.RowSecurityClaims), changed("callers need other claims"), false},
	{"", variable(environ.RowSecurityRoleClaim), changed("the database role comes from another claim"), false},
	{"", variable(environ.RowSecurityRoles), changed("callers may have other database roles"), false},
	{"", variable(environ.AllowPrivilegedLogin), on("the database user may be a superuser"), false},
	{"", variable(environ.AllowedFunctions), changed("statements may call other functions"), false},
	{"", variable(unsafeEval), come("callers' code runs in the function"), true},
	{"", variable(restrictPipelines), listWidened("more pipelines are evaluated"), false},
}

// Variables of PODPAC's handler. The stack of a custom function sets them.
const (
	unsafeEval        = "PODPAC_UNSAFE_EVAL"
	dataSecret        = "DATA_CREDENTIALS_SECRET"
	restrictPipelines = "PODPAC_RESTRICT_PIPELINES"
)

func variable(name string) string { return "Environment.Variables." + name }

// judge adds the changes of a resource that affect security.
func (c *comparison) judge(id, kind string, before, after any) {
	c.judgeRights(id, kind, before, after)
	for _, r := range rules {
		if !strings.HasPrefix(kind, r.types) || after == nil || before == nil && !r.whole {
			continue
		}
		old, new := at(before, r.path), at(after, r.path)
		if reflect.DeepEqual(old, new) && before != nil {
			continue
		}
		if what := r.weaker(old, new); what != "" {
			c.add(Change{Kind: Security, Resource: id, Type: kind, Path: r.path, What: what}, old, new)
		}
	}
	watching := slices.Contains([]string{"AWS::CloudWatch::Alarm", "AWS::Scheduler::Schedule", "AWS::ApiGatewayV2::Authorizer", "AWS::EC2::FlowLog", "AWS::WAFv2::WebACLAssociation"}, kind)
	switch {
	case after == nil && watching:
		c.add(Change{Kind: Security, Resource: id, Type: kind, What: "no longer monitors or protects"}, nil, nil)
	case before == nil && part(c.deployed, "Resources") != nil && kind == "AWS::ApiGatewayV2::Route":
		c.add(Change{Kind: Security, Resource: id, Type: kind, What: "a new route"}, nil, at(after, "RouteKey"))
	}
	if old, new := part(before, "DeletionPolicy"), part(after, "DeletionPolicy"); keeps(old) && after != nil && !keeps(new) {
		c.add(Change{Kind: Security, Resource: id, Type: kind, Path: "DeletionPolicy", What: "is no longer retained after the stack's deletion"}, old, new)
	}
}

func keeps(policy any) bool {
	return policy == "Retain" || policy == "Snapshot" || policy == "RetainExceptOnCreate"
}

func opened(what string) func(before, after any) string {
	return func(before, after any) string {
		if (after == nil || after == "NONE") && (before != nil && before != "NONE" || before == nil && after != nil) {
			return what
		}
		return ""
	}
}

// changed matches every change of a property whose values have no order.
func changed(what string) func(before, after any) string {
	return func(any, any) string { return what }
}

func gone(what string) func(before, after any) string {
	return func(before, after any) string {
		if before != nil && after == nil {
			return what
		}
		return ""
	}
}

func come(what string) func(before, after any) string {
	return func(before, after any) string {
		if before == nil && after != nil {
			return what
		}
		return ""
	}
}

// listWidened matches the extension of an allow list in JSON. Without a list,
// everything is allowed.
func listWidened(what string) func(before, after any) string {
	return func(before, after any) string {
		if before == nil {
			return ""
		}
		var old, new []any
		if after == nil || json.Unmarshal([]byte(text(before)), &old) != nil || json.Unmarshal([]byte(text(after)), &new) != nil {
			return what
		}
		return more(what)(old, new)
	}
}

func on(what string) func(before, after any) string {
	return func(before, after any) string {
		if isTrue(after) && !isTrue(before) {
			return what
		}
		return ""
	}
}

func off(what string) func(before, after any) string {
	return func(before, after any) string {
		if isTrue(before) && !isTrue(after) {
			return what
		}
		return ""
	}
}

func isTrue(value any) bool { return value == true || value == "true" }

// more matches the extension of an allow list.
func more(what string) func(before, after any) string {
	return func(before, after any) string {
		for _, item := range list(after) {
			if !slices.ContainsFunc(list(before), func(old any) bool { return reflect.DeepEqual(old, item) || old == "*" }) {
				return what
			}
		}
		return ""
	}
}

func raised(what string) func(before, after any) string {
	return func(before, after any) string {
		old, limited := number(before)
		if new, still := number(after); limited && (!still || new > old) {
			return what
		}
		return ""
	}
}

// lowered matches a shorter retention; without a number, retention is unlimited.
func lowered(what string) func(before, after any) string {
	return func(before, after any) string {
		old, limited := number(before)
		if new, ok := number(after); ok && (!limited || new < old) {
			return what
		}
		return ""
	}
}

func number(value any) (n float64, ok bool) {
	switch value := value.(type) {
	case json.Number:
		n, err := value.Float64()
		return n, err == nil
	case float64:
		return value, true
	case string:
		n, err := strconv.ParseFloat(value, 64)
		return n, err == nil
	}
	return 0, false
}

func weakerBlock(before, after any) string {
	for _, key := range sortedKeys(asObject(before)) {
		if isTrue(part(before, key)) && !isTrue(part(after, key)) {
			return "the bucket can become public"
		}
	}
	return ""
}

func newCredentials(before, after any) string {
	switch {
	case before == nil:
		return "the template holds the credentials"
	case after == nil:
		return "" // the template is more secure
	}
	return "the credentials change"
}
