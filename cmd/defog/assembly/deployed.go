package assembly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"defog-cdk/cmd/defog/session"
)

// Deployed returns the deployed template of the stack's name, or nil if there is
// none.
func Deployed(ctx context.Context, cfg aws.Config, stack Stack) (template map[string]any, err error) {
	err = As(ctx, cfg, stack, func(ctx context.Context, cfg aws.Config) error {
		template, err = Template(ctx, cfg, stack.Name)
		if refused, ok := errors.AsType[smithy.APIError](err); ok {
			return fmt.Errorf("%s: %s", refused.ErrorCode(), refused.ErrorMessage())
		}
		return err
	})
	if err == nil {
		return template, nil
	}
	action := "read the deployed template of " + stack.Name
	if denied, ok := errors.AsType[*DeniedError](err); ok {
		return nil, fmt.Errorf("%s, which needs cloudformation:GetTemplate: %w", action, denied)
	}
	return nil, session.Failure(action, err)
}

// DeniedError lists the callers that failed, each with its error.
type DeniedError struct{ Callers []error }

func (e *DeniedError) Error() string { return errors.Join(e.Callers...).Error() }

// Unwrap returns the errors of all callers.
func (e *DeniedError) Unwrap() []error { return e.Callers }

// As calls a function with the caller's credentials in the stack's region and, until
// it succeeds, with the roles that the CDK CLI assumes. A failure of all of them is a
// [DeniedError].
func As(ctx context.Context, cfg aws.Config, stack Stack, call func(context.Context, aws.Config) error) error {
	cfg = cfg.Copy()
	cfg.Logger = logging.Nop{} // failures are returned
	if stack.Region != "" {
		cfg.Region = stack.Region
	}
	if err := session.RequireRegion(cfg); err != nil {
		return err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return session.Failure("get the caller's identity", err)
	}
	account := stack.Account
	if account == "" {
		account = aws.ToString(caller.Account)
	}
	var problems []error
	if account == aws.ToString(caller.Account) {
		err := call(ctx, cfg)
		if err == nil {
			return nil
		}
		problems = append(problems, fmt.Errorf("as %s: %w", aws.ToString(caller.Arn), err))
	}
	for _, role := range stack.Roles {
		arn := fill(role, account, cfg.Region)
		assumed := cfg.Copy()
		assumed.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), arn))
		err := call(ctx, assumed)
		if err == nil {
			return nil
		}
		problems = append(problems, fmt.Errorf("as %s: %w", arn, err))
	}
	if len(problems) == 0 {
		problems = append(problems, fmt.Errorf("as %s: the stack is in the account %s, and the assembly names no role there", aws.ToString(caller.Arn), account))
	}
	return &DeniedError{problems}
}

// Template returns the deployed template of a stack, or nil if there is none.
func Template(ctx context.Context, cfg aws.Config, name string) (map[string]any, error) {
	got, err := cloudformation.NewFromConfig(cfg).GetTemplate(ctx, &cloudformation.GetTemplateInput{
		StackName: &name, TemplateStage: types.TemplateStageOriginal,
	})
	if Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return Parse(aws.ToString(got.TemplateBody))
}

// Missing reports whether CloudFormation rejected a request because the stack does
// not exist.
func Missing(err error) bool {
	refused, ok := errors.AsType[smithy.APIError](err)
	return ok && refused.ErrorCode() == "ValidationError" && strings.Contains(refused.ErrorMessage(), "does not exist")
}

// Parse decodes a template in JSON, the format of all CDK templates. The error
// holds no part of the template.
func Parse(text string) (map[string]any, error) {
	var template map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&template); err != nil {
		return nil, errors.New("the template is not JSON, so the CDK did not write it")
	}
	return template, nil
}

// fill replaces the placeholders in the ARN of an assembly's role.
func fill(arn, account, region string) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return strings.NewReplacer("${AWS::Partition}", partition, "${AWS::AccountId}", account, "${AWS::Region}", region).Replace(arn)
}
