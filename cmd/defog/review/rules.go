package review

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/internal/environ"
)

// rule says of one property when a change of it makes a stack less safe. weaker
// returns what to say of such a change, "" of any other; a value is nil when
// there is none.
type rule struct {
	types  string // what the resource's type begins with; empty for every type
	path   string
	weaker func(before, after any) string
	whole  bool // says something of a resource that is new, too
}

var rules = []rule{
	{"AWS::ApiGatewayV2::Route", "AuthorizationType", opened("the route opens to anybody"), true},
	{"AWS::ApiGatewayV2::Route", "AuthorizerId", changed("the route asks another authorizer"), false},
	{"AWS::ApiGatewayV2::Route", "RouteKey", changed("the API takes other requests"), false},
	{"AWS::Lambda::Url", "AuthType", opened("the function's URL opens to anybody"), true},
	{"AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Issuer", changed("tokens of another issuer are accepted"), false},
	{"AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Audience", more("tokens for more audiences are accepted"), false},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowOrigins", more("pages of more web origins may call the API"), true},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowMethods", more("pages may send more methods"), false},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowHeaders", more("pages may send more headers"), false},
	{"AWS::ApiGatewayV2::Api", "CorsConfiguration.AllowCredentials", on("pages may send cookies along"), true},
	{"AWS::ApiGatewayV2::Api", "DisableExecuteApiEndpoint", off("the default URL is switched on"), false},
	{"AWS::ApiGatewayV2::Stage", "DefaultRouteSettings.ThrottlingRateLimit", raised("more requests a second are let through"), false},
	{"AWS::ApiGatewayV2::Stage", "DefaultRouteSettings.ThrottlingBurstLimit", raised("more requests at once are let through"), false},
	{"AWS::ApiGatewayV2::Stage", "AccessLogSettings", gone("requests are no longer logged"), false},
	{"AWS::ApiGatewayV2::DomainName", "DomainNameConfigurations", changed("the domain's certificate or TLS changes"), false},
	{"AWS::Logs::LogGroup", "RetentionInDays", lowered("logs are kept for less time"), false},
	{"AWS::S3::Bucket", "PublicAccessBlockConfiguration", weakerBlock, false},
	{"AWS::S3::Bucket", "BucketEncryption", gone("the bucket is no longer encrypted with a key of choice"), false},
	{"AWS::S3::Bucket", "VersioningConfiguration", gone("the bucket keeps no versions"), false},
	{"", "KmsKeyId", gone("no longer encrypted with your key"), false},
	{"", "KMSKeyId", gone("no longer encrypted with your key"), false},
	{"", "KmsKeyArn", gone("no longer encrypted with your key"), false},
	{"", "KmsMasterKeyId", gone("no longer encrypted with your key"), false},
	{"", "StorageEncrypted", off("no longer encrypted"), false},
	{"", "PermissionsBoundary", gone("has no permissions boundary any more"), false},
	{"AWS::KMS::Key", "EnableKeyRotation", off("the key is no longer rotated"), false},
	{"AWS::Lambda::Function", "VpcConfig", changed("the function leaves, enters or changes its network"), false},
	{"AWS::Lambda::Function", "Role", changed("the function runs with another role"), false},
	{"AWS::Lambda::Function", "Layers", more("more code of layers runs in the function"), false},
	{"AWS::EC2::SecurityGroup", "SecurityGroupIngress", more("more may connect"), true},
	{"AWS::EC2::SecurityGroup", "SecurityGroupEgress", more("may connect to more"), false},
	{"AWS::SNS::Subscription", "Endpoint", changed("messages go to somebody else"), false},
	{"", variable(environ.Credentials), newCredentials, false},
	{"", variable(environ.CredentialsSecret), changed("the credentials come from another secret"), false},
	{"", variable(environ.Generator), changed("somebody else writes the SQL, and reads the questions"), false},
	{"", variable(environ.GeneratorBaseURL), changed("the questions and the API key go to another place"), false},
	{"", variable(environ.GeneratorRegion), changed("the questions go to another region"), false},
	{"", variable(environ.LogQuestions), on("the log holds the questions"), false},
	{"", variable(unsafeEval), come("callers' code runs in the function"), true},
	{"", variable(restrictPipelines), listWidened("more pipelines are evaluated"), false},
}

// What PODPAC's handler reads; its stack names them, too.
const (
	unsafeEval        = "PODPAC_UNSAFE_EVAL"
	restrictPipelines = "PODPAC_RESTRICT_PIPELINES"
)

func variable(name string) string { return "Environment.Variables." + name }

// judge notes what a resource's change does to security.
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
	watching := slices.Contains([]string{"AWS::CloudWatch::Alarm", "AWS::ApiGatewayV2::Authorizer", "AWS::EC2::FlowLog", "AWS::WAFv2::WebACLAssociation"}, kind)
	switch {
	case after == nil && watching:
		c.add(Change{Kind: Security, Resource: id, Type: kind, What: "no longer watches or guards"}, nil, nil)
	case before == nil && part(c.deployed, "Resources") != nil && kind == "AWS::ApiGatewayV2::Route":
		c.add(Change{Kind: Security, Resource: id, Type: kind, What: "a further route"}, nil, at(after, "RouteKey"))
	}
	if old, new := part(before, "DeletionPolicy"), part(after, "DeletionPolicy"); keeps(old) && after != nil && !keeps(new) {
		c.add(Change{Kind: Security, Resource: id, Type: kind, Path: "DeletionPolicy", What: "is no longer kept when the stack goes"}, old, new)
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

// changed is for what has no order: any other value is to be looked at.
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

// listWidened is for a list in JSON of what alone is allowed; without one,
// everything is.
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

// more is for lists of what is let in.
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

// lowered is for retention: without a number, things are kept for ever.
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
			return "the bucket may be opened to the public"
		}
	}
	return ""
}

func newCredentials(before, after any) string {
	switch {
	case before == nil:
		return "the credentials stand in the template"
	case after == nil:
		return "" // which is better
	}
	return "the credentials change"
}
