package client

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"defog-cdk/cmd/defog/session"
)

// Function is the configuration of a deployed function.
type Function struct {
	Name         string   `json:"name"`
	ARN          string   `json:"arn"`
	State        string   `json:"state"`
	Reason       string   `json:"reason,omitempty"` // of a state other than active
	Runtime      string   `json:"runtime"`
	Handler      string   `json:"handler"`
	Architecture string   `json:"architecture"`
	MemoryMB     int32    `json:"memory_mb"`
	TimeoutS     int32    `json:"timeout_s"`
	StorageMB    int32    `json:"ephemeral_storage_mb"`
	CodeBytes    int64    `json:"code_bytes"`
	CodeSHA256   string   `json:"code_sha256"` // in base64, as AWS returns it
	Role         string   `json:"role"`
	LogGroup     string   `json:"log_group"`
	SnapStart    string   `json:"snap_start"`  // when Lambda takes snapshots
	Environment  []string `json:"environment"` // names of the variables
	Aliases      []string `json:"aliases"`     // name=version
}

// ReadFunction reads the configuration of the stack's function, without its
// aliases.
func ReadFunction(ctx context.Context, cfg aws.Config, stack Stack) (Function, error) {
	name, err := stack.Need(FunctionOutput, "function")
	if err != nil {
		return Function{}, err
	}
	c, err := lambda.NewFromConfig(cfg).GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		return Function{}, session.Failure("read the configuration of function "+name, err)
	}
	f := Function{
		Name: aws.ToString(c.FunctionName), ARN: aws.ToString(c.FunctionArn),
		State: string(c.State), Reason: aws.ToString(c.StateReason),
		Runtime: string(c.Runtime), Handler: aws.ToString(c.Handler),
		MemoryMB: aws.ToInt32(c.MemorySize), TimeoutS: aws.ToInt32(c.Timeout),
		CodeBytes: c.CodeSize, CodeSHA256: aws.ToString(c.CodeSha256),
		Role: aws.ToString(c.Role), SnapStart: string(types.SnapStartApplyOnNone),
		LogGroup: "/aws/lambda/" + aws.ToString(c.FunctionName), Environment: []string{},
	}
	if c.LoggingConfig != nil && aws.ToString(c.LoggingConfig.LogGroup) != "" {
		f.LogGroup = *c.LoggingConfig.LogGroup
	}
	if len(c.Architectures) > 0 {
		f.Architecture = string(c.Architectures[0])
	}
	if c.EphemeralStorage != nil {
		f.StorageMB = aws.ToInt32(c.EphemeralStorage.Size)
	}
	if c.SnapStart != nil && c.SnapStart.ApplyOn != "" {
		f.SnapStart = string(c.SnapStart.ApplyOn)
	}
	if c.Environment != nil {
		f.Environment = slices.Sorted(maps.Keys(c.Environment.Variables))
	}
	return f, nil
}

// UnsafeHash returns the hash by which PODPAC's client may send code to the stack's
// function, or "" if the function runs none.
func UnsafeHash(ctx context.Context, cfg aws.Config, stack Stack) (string, error) {
	name, err := stack.Need(FunctionOutput, "function")
	if err != nil {
		return "", err
	}
	input := &lambda.GetFunctionConfigurationInput{FunctionName: &name}
	if alias := stack.Output(AliasOutput); alias != "" {
		input.Qualifier = &alias
	}
	c, err := lambda.NewFromConfig(cfg).GetFunctionConfiguration(ctx, input)
	if err != nil {
		return "", session.Failure("read the configuration of function "+name, err)
	}
	if c.Environment == nil {
		return "", nil
	}
	return c.Environment.Variables["PODPAC_UNSAFE_EVAL"], nil
}

// Aliases returns the aliases of a function as name=version.
func Aliases(ctx context.Context, cfg aws.Config, function string) ([]string, error) {
	aliases := []string{}
	pages := lambda.NewListAliasesPaginator(lambda.NewFromConfig(cfg), &lambda.ListAliasesInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, session.Failure("list the aliases of function "+function, err)
		}
		for _, alias := range page.Aliases {
			aliases = append(aliases, aws.ToString(alias.Name)+"="+aws.ToString(alias.FunctionVersion))
		}
	}
	return aliases, nil
}
