package config

import (
	"slices"
	"strings"
)

// checkAuth checks who may call the API.
func (c *checker) checkAuth() {
	for _, key := range []string{"jwt_issuer", "jwt_audience"} {
		switch jwt := c.APIAuth == "jwt"; {
		case jwt && !c.given(key):
			c.failf(key, "missing; api_auth=jwt says whose tokens are good by jwt_issuer and jwt_audience")
		case !jwt && c.given(key):
			c.failf(key, "goes with api_auth=jwt only; api_auth is %s (%s)", c.APIAuth, c.origin("api_auth"))
		}
	}
	switch {
	case c.CORSAllowCredentials && slices.Contains(c.CORSAllowOrigins, "*"):
		c.failf("cors_allow_origins", "* with cors_allow_credentials lets every web page act for its visitor, and browsers refuse it; name the origins")
	case c.CORSAllowCredentials && !c.given("cors_allow_origins"):
		c.failf("cors_allow_credentials", "goes with cors_allow_origins, which is missing")
	}
}

// ownRole are the settings that shape the role that the stack makes.
var ownRole = []string{
	"autogen_policy", "iam_policy_file", "iam_policy_allow_all", "function_role_name", "function_role_description",
	"function_role_policy_document", "function_role_policy_arns", "function_role_assume_policy_document", "function_role_tags",
}

// checkRole checks what the function may do.
func (c *checker) checkRole() {
	policy := c.given("iam_policy_file") || c.given("function_role_policy_document")
	admin := slices.ContainsFunc(c.RolePolicyARNs, func(arn string) bool { return strings.HasSuffix(arn, ":aws:policy/AdministratorAccess") })
	if admin && !c.IAMPolicyAllowAll {
		c.failf("function_role_policy_arns", "AdministratorAccess allows every action on every resource; name narrower policies, or say iam_policy_allow_all=true")
	}
	if trust := c.RoleAssumePolicy; trust != nil && (trust["Version"] != "2012-10-17" || trust["Statement"] == nil) {
		c.failf("function_role_assume_policy_document", `is no trust policy; valid: {"Version": "2012-10-17", "Statement": […]} that lets lambda.amazonaws.com do sts:AssumeRole`)
	}
	if c.ManageIAMRole {
		switch {
		case c.given("iam_role_arn"):
			c.failf("iam_role_arn", "needs manage_iam_role=false; otherwise the stack makes a role")
		case !c.AutogenPolicy && !policy && !c.given("function_role_policy_arns"):
			c.failf("autogen_policy", "is false, and nothing else says what the function may do; give iam_policy_file")
		case c.IAMPolicyAllowAll && !policy && !admin:
			c.failf("iam_policy_allow_all", "goes with iam_policy_file or function_role_policy_document, and neither is given")
		}
		return
	}
	if !c.given("iam_role_arn") {
		c.failf("manage_iam_role", "is false, so iam_role_arn must name a role; valid: %s", forms["role"].says)
	}
	for _, key := range ownRole {
		if c.given(key) {
			c.failf(key, "shapes the role that the stack makes, and manage_iam_role is false; remove one of them")
		}
	}
}
