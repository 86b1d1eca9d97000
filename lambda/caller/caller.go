// Package caller identifies the caller of a question: by the authorizer of the HTTP
// API, or by the field caller of a direct invoke. It reads nothing that a client of
// the API can choose.
package caller

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Kind is the source of a caller's identity.
type Kind string

// The kinds of callers.
const (
	None   Kind = ""       // an API without authorization, or a direct invoke without a caller
	IAM    Kind = "iam"    // the signature of a request to the HTTP API
	JWT    Kind = "jwt"    // the verified token of a request to the HTTP API
	Invoke Kind = "invoke" // the field caller of a direct invoke
)

// The claims that this package reads or adds.
const (
	subjectClaim = "sub"
	issuerClaim  = "iss"
	arnClaim     = "arn"     // of an IAM principal
	accountClaim = "account" // AWS account of an IAM principal
	roleClaim    = "role"    // name of the IAM role that the principal assumed
)

// Caller is the caller of a question. The zero value is an unknown one. The JSON
// form keeps every field, for a function that invokes itself.
type Caller struct {
	Kind    Kind   `json:"kind"`
	Subject string `json:"subject,omitempty"` // the claim sub; "" only for None
	Claims  Claims `json:"claims,omitempty"`
}

// IsKnown reports whether the caller has an identity.
func (c Caller) IsKnown() bool { return c.Subject != "" }

// Identity returns the text that distinguishes the caller from all others: its kind,
// issuer and subject. Other claims can change from one question to the next. It is
// "" for an unknown caller, whose identity equals no other.
func (c Caller) Identity() string {
	if !c.IsKnown() {
		return ""
	}
	issuer, _ := c.Claims.Text(issuerClaim)
	text, err := json.Marshal([]string{string(c.Kind), issuer, c.Subject})
	if err != nil {
		panic(err) // a list of texts is always JSON
	}
	return string(text)
}

// FromAuthorizer returns the caller in requestContext.authorizer of an HTTP API's
// event. text is empty without an authorizer.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func FromAuthorizer(text json.RawMessage) (Caller, error) {
	if isNull(text) {
		return Caller{}, nil
	}
	var authorizer struct {
		IAM *principal `json:"iam"`
		JWT *struct {
			Claims Claims `json:"claims"`
		} `json:"jwt"`
	}
	if err := json.Unmarshal(text, &authorizer); err != nil {
		return Caller{}, fmt.Errorf("requestContext.authorizer: %w", err)
	}
	switch {
	case authorizer.JWT != nil:
		return named(JWT, authorizer.JWT.Claims), nil
	case authorizer.IAM != nil:
		return named(IAM, authorizer.IAM.claims()), nil
	default:
		return Caller{}, nil
	}
}

// principal is the signer of a request.
type principal struct {
	AccountID string `json:"accountId"`
	UserARN   string `json:"userArn"`
	Cognito   *struct {
		IdentityID string `json:"identityId"`
	} `json:"cognitoIdentity"`
}

// claims returns the principal as claims. All identities of a Cognito identity pool
// share one ARN, so their subject is the identity's id.
func (p principal) claims() Claims {
	claims := Claims{subjectClaim: p.UserARN, arnClaim: p.UserARN, accountClaim: p.AccountID}
	if p.Cognito != nil && p.Cognito.IdentityID != "" {
		claims[subjectClaim] = p.Cognito.IdentityID
	}
	if role, ok := assumedRole(p.UserARN); ok {
		claims[roleClaim] = role
	}
	return claims
}

// assumedRole returns the role in the ARN of its session. The path of an IAM user can hold
// the same words further behind.
//
//	arn:aws:sts::111111111111:assumed-role/‹role›/‹session›
func assumedRole(text string) (role string, ok bool) {
	parsed, err := arn.Parse(text)
	if err != nil || parsed.Service != "sts" {
		return "", false
	}
	session, ok := strings.CutPrefix(parsed.Resource, "assumed-role/")
	role, _, _ = strings.Cut(session, "/")
	return role, ok && role != ""
}

// FromInvoke returns the caller in the field caller of a direct invoke: an object of
// claims with the text sub. text is empty without the field.
func FromInvoke(text json.RawMessage) (Caller, error) {
	if isNull(text) {
		return Caller{}, nil
	}
	var claims Claims
	if err := json.Unmarshal(text, &claims); err != nil {
		return Caller{}, err
	}
	c := named(Invoke, claims)
	if !c.IsKnown() {
		return Caller{}, errors.New(`no text "sub"`)
	}
	return c, nil
}

// named returns a caller of the kind, or an unknown one if the claims have no subject.
func named(kind Kind, claims Claims) Caller {
	subject, ok := claims.Text(subjectClaim)
	if !ok {
		return Caller{}
	}
	return Caller{Kind: kind, Subject: subject, Claims: claims}
}

func isNull(text json.RawMessage) bool {
	text = bytes.TrimSpace(text)
	return len(text) == 0 || string(text) == "null"
}
