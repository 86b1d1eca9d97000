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
// none. It reads the template with the caller's credentials and, if they do not
// suffice, with the roles that the CDK CLI assumes.
func Deployed(ctx context.Context, cfg aws.Config, stack Stack) (map[string]any, error) {
	cfg = cfg.Copy()
	cfg.Logger = logging.Nop{} // failures are returned
	if stack.Region != "" {
		cfg.Region = stack.Region
	}
	if err := session.RequireRegion(cfg); err != nil {
		return nil, err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, session.Failure("read the deployed template of "+stack.Name+": get the caller's identity", err)
	}
	account := stack.Account
	if account == "" {
		account = aws.ToString(caller.Account)
	}
	var problems []error
	if account == aws.ToString(caller.Account) {
		template, err := getTemplate(ctx, cfg, stack.Name)
		if err == nil {
			return template, nil
		}
		problems = append(problems, fmt.Errorf("as %s: %w", aws.ToString(caller.Arn), err))
	}
	for _, role := range stack.Roles {
		arn := fill(role, account, cfg.Region)
		assumed := cfg.Copy()
		assumed.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), arn))
		template, err := getTemplate(ctx, assumed, stack.Name)
		if err == nil {
			return template, nil
		}
		problems = append(problems, fmt.Errorf("as %s: %w", arn, err))
	}
	return nil, fmt.Errorf("read the deployed template of %s, which needs cloudformation:GetTemplate: %w", stack.Name, errors.Join(problems...))
}

func getTemplate(ctx context.Context, cfg aws.Config, name string) (map[string]any, error) {
	got, err := cloudformation.NewFromConfig(cfg).GetTemplate(ctx, &cloudformation.GetTemplateInput{
		StackName: &name, TemplateStage: types.TemplateStageOriginal,
	})
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		if refused.ErrorCode() == "ValidationError" && strings.Contains(refused.ErrorMessage(), "does not exist") {
			return nil, nil
		}
		return nil, fmt.Errorf("%s: %s", refused.ErrorCode(), refused.ErrorMessage())
	}
	if err != nil {
		return nil, err
	}
	return Parse(aws.ToString(got.TemplateBody))
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
