// Package session loads the AWS configuration of the caller, and explains the
// errors that only the caller can fix: no credentials, expired credentials, no
// region.
package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

// Remedies for the caller's session. `aws login` is for console credentials, and
// `aws sso login` for IAM Identity Center.
const (
	signIn    = "sign in with aws login or aws sso login, or set AWS_PROFILE to a profile with credentials"
	setRegion = "set AWS_REGION, or pass --region"
)

// Error is an error that the caller fixes by signing in or by naming a region.
type Error struct {
	message string
	cause   error
}

func (e *Error) Error() string { return e.message }
func (e *Error) Unwrap() error { return e.cause }

// Load returns the AWS configuration of a profile and a region, "" for those of
// the environment. Its credentials fail with an [Error].
func Load(ctx context.Context, profile, region string) (aws.Config, error) {
	// The SDK's own warnings, such as of a response that was not read to its end, name nothing that a user can change.
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithSharedConfigProfile(profile), awsconfig.WithRegion(region), awsconfig.WithLogger(logging.Nop{}))
	if _, missing := errors.AsType[awsconfig.SharedConfigProfileNotExistError](err); missing {
		return cfg, &Error{fmt.Sprintf("AWS profile: %v; want a profile of aws configure list-profiles (--profile, AWS_PROFILE)", err), err}
	}
	if err != nil {
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg.Credentials = provider{cfg.Credentials}
	return cfg, nil
}

// provider explains the errors of another provider.
type provider struct{ aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := p.CredentialsProvider.Retrieve(ctx)
	switch {
	case err == nil, ctx.Err() != nil:
		return credentials, err
	case expired(err):
		return credentials, &Error{"the AWS credentials have expired: " + signIn, err}
	}
	return credentials, &Error{"no AWS credentials: " + signIn, err}
}

// expired reports whether credentials existed and are no longer valid: the SDK
// has no type for it, and its messages differ by provider.
func expired(err error) bool {
	if code := errorCode(err); slices.Contains(expiredCodes, code) {
		return true
	}
	text := strings.ToLower(err.Error())
	return slices.ContainsFunc([]string{"expired", "refresh cached sso token failed", "invalidgrant"}, func(part string) bool {
		return strings.Contains(text, part)
	})
}

// Error codes of AWS services for credentials that a new sign-in replaces.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
var (
	expiredCodes = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "UnauthorizedSSOToken"}
	invalidCodes = []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken", "AuthFailure",
		"SignatureDoesNotMatch", "InvalidSignatureException", "MissingAuthenticationToken"}
)

func errorCode(err error) string {
	if service, ok := errors.AsType[smithy.APIError](err); ok {
		return service.ErrorCode()
	}
	return ""
}

// RequireRegion returns an [Error] if the configuration has no region.
func RequireRegion(cfg aws.Config) error {
	if cfg.Region == "" {
		return &Error{"no AWS region: " + setRegion, nil}
	}
	return nil
}

// Check returns an [Error] if the configuration has no usable credentials.
func Check(ctx context.Context, cfg aws.Config) error {
	_, err := cfg.Credentials.Retrieve(ctx)
	return err
}

// verifyTime limits the request of [Verify].
const verifyTime = 5 * time.Second

// Verify is [Check], and returns an [Error] if AWS rejects the credentials. It is for
// commands whose first request comes late, or whose first reply has no error code, as
// with HEAD. A failure of the request itself is left to the command's own requests.
func Verify(ctx context.Context, cfg aws.Config) error {
	if err := Check(ctx, cfg); err != nil || cfg.Region == "" {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if rejected, ok := errors.AsType[*Error](Explain(err)); ok {
		return rejected
	}
	return nil
}

// Rejected returns the [Error] for a message with which a service rejected the
// caller's credentials.
func Rejected(message string) error {
	if strings.Contains(strings.ToLower(message), "expired") {
		return &Error{"the AWS credentials have expired: " + signIn, nil}
	}
	return &Error{fmt.Sprintf("AWS rejects the credentials (%s): %s", message, signIn), nil}
}

// Explain replaces the SDK's chain of errors by one [Error] where the caller's
// session is the cause. It leaves other errors as they are. Equal errors of a
// joined error become one.
func Explain(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return explainAll(joined.Unwrap(), err)
	}
	if session, ok := errors.AsType[*Error](err); ok {
		return session
	}
	switch code := errorCode(err); {
	case slices.Contains(expiredCodes, code):
		return &Error{"the AWS credentials have expired: " + signIn, err}
	case slices.Contains(invalidCodes, code):
		return Rejected(code)
	}
	return err
}

// explainAll explains the parts of a joined error, which it keeps if no part
// changes.
func explainAll(parts []error, whole error) error {
	var explained []error
	changed := false
	seen := map[string]bool{}
	for _, part := range parts {
		now := Explain(part)
		if _, ok := errors.AsType[*Error](now); ok {
			changed = true
			if seen[now.Error()] {
				continue
			}
			seen[now.Error()] = true
		}
		explained = append(explained, now)
	}
	if !changed {
		return whole
	}
	return errors.Join(explained...)
}

// Failure prefixes an error with the action that failed. Of a service's error it
// keeps the code and the message.
func Failure(action string, err error) error {
	if err == nil {
		return nil
	}
	if explained, ok := errors.AsType[*Error](Explain(err)); ok {
		return explained
	}
	if service, ok := errors.AsType[smithy.APIError](err); ok {
		return fmt.Errorf("%s: %s: %s", action, service.ErrorCode(), service.ErrorMessage())
	}
	return fmt.Errorf("%s: %w", action, err)
}
