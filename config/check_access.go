package config

import (
	"slices"
	"strings"
)

// checkAuth checks caller authorization.
func (c *checker) checkAuth() {
	for _, key := range []string{"jwt_issuer", "jwt_audience"} {
		switch jwt := c.APIAuth == "jwt"; {
		case jwt && !c.given(key):
			c.failf(key, "missing; want jwt_issuer and jwt_audience, which api_auth=jwt requires")
		case !jwt && c.given(key):
			c.failf(key, "not used with api_auth=%s (%s); want api_auth=jwt", c.APIAuth, c.origin("api_auth"))
		}
	}
	if c.MCPSQL && !c.MCP {
		c.failf("mcp_sql", "not used without mcp; want mcp=true with it")
	}
	switch {
	case c.CORSAllowCredentials && slices.Contains(c.CORSAllowOrigins, "*"):
		c.failf("cors_allow_origins", "* is invalid with cors_allow_credentials, which browsers refuse for every origin; want the origins by name")
	case c.CORSAllowCredentials && !c.given("cors_allow_origins"):
		c.failf("cors_allow_credentials", "not used without cors_allow_origins; want both or neither")
	}
}

// checkPage checks the page and its sign-in.
func (c *checker) checkPage() {
	const signIn = "page_client_id"
	for _, key := range []string{signIn, "page_scopes", "page_origins", "page_examples"} {
		switch {
		case !c.given(key):
		case !c.Page:
			c.failf(key, "not used without page; want page=true with it")
		case key != "page_examples" && c.APIAuth != "jwt":
			c.failf(key, "not used with api_auth=%s (%s); want api_auth=jwt", c.APIAuth, c.origin("api_auth"))
		}
	}
	switch {
	case !c.Page:
	case c.APIAuth == "iam":
		c.failf("page", "not supported with api_auth=iam (%s), because a browser has no AWS credentials; want api_auth=jwt or none. "+
			"For a page that your AWS credentials authorize, without this setting: go run ./cmd/defog console -c app_name=%s -c stage=%s",
			c.origin("api_auth"), c.AppName, c.Stage)
	case c.APIAuth == "jwt" && !c.given(signIn):
		c.failf(signIn, "missing; want the id of the page's client at jwt_issuer, which page requires with api_auth=jwt")
	}
}

// roleKeys are the settings of a role that the stack creates.
var roleKeys = []string{
	"autogen_policy", "iam_policy_file", "iam_policy_allow_all", "function_role_name", "function_role_description",
	"function_role_policy_document", "function_role_policy_arns", "function_role_assume_policy_document", "function_role_tags",
}

// checkRole checks the function's role and its policies.
func (c *checker) checkRole() {
	policy := c.given("iam_policy_file") || c.given("function_role_policy_document")
	admin := slices.ContainsFunc(c.RolePolicyARNs, func(arn string) bool { return strings.HasSuffix(arn, ":aws:policy/AdministratorAccess") })
	if admin && !c.IAMPolicyAllowAll {
		c.failf("function_role_policy_arns", "AdministratorAccess allows all actions on all resources; want narrower policies, or iam_policy_allow_all=true")
	}
	if trust := c.RoleAssumePolicy; trust != nil && (trust["Version"] != "2012-10-17" || trust["Statement"] == nil) {
		c.failf("function_role_assume_policy_document", `not a trust policy; want {"Version": "2012-10-17", "Statement": […]} that allows lambda.amazonaws.com sts:AssumeRole`)
	}
	if c.ManageIAMRole {
		switch {
		case c.given("iam_role_arn"):
			c.failf("iam_role_arn", "not used with manage_iam_role=true; want manage_iam_role=false")
		case !c.AutogenPolicy && !policy && !c.given("function_role_policy_arns"):
			c.failf("autogen_policy", "false without another policy; want iam_policy_file with it")
		case c.IAMPolicyAllowAll && !policy && !admin:
			c.failf("iam_policy_allow_all", "not used without a policy; want iam_policy_file or function_role_policy_document with it")
		}
		return
	}
	if !c.given("iam_role_arn") {
		c.failf("manage_iam_role", "false without iam_role_arn; want a role: %s", forms["role"].description)
	}
	for _, key := range roleKeys {
		if c.given(key) {
			c.failf(key, "applies to a role of the stack, but manage_iam_role is false; want one of them")
		}
	}
}
