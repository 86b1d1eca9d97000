// Package drift runs CloudFormation's drift detection, and returns its results in the
// form that package review reports.
package drift

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"defog-cdk/cmd/defog/assembly"
	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/review"
	"defog-cdk/cmd/defog/session"
)

// Actions are those that a caller needs besides the right to read each resource.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
var Actions = []string{
	"cloudformation:DetectStackDrift", "cloudformation:DetectStackResourceDrift", "cloudformation:BatchDescribeTypeConfigurations",
	"cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:DescribeStackResourceDrifts",
	"cloudformation:ListStackResources", "cloudformation:GetTemplate",
}

// Options are further inputs of [Detect].
type Options struct {
	Interval time.Duration // between two requests for a detection's status
	Progress func(text string)
}

// progressEvery is the number of requests for the status from one message about the
// progress to the next.
const progressEvery = 5

// Detect detects the drift of a stack and of its nested stacks, and returns one result
// for each, the stack's first. It calls AWS with the caller's credentials and, if they
// do not suffice, with the roles of the CDK CLI. Without the stack, it returns a
// [client.NotDeployedError].
func Detect(ctx context.Context, cfg aws.Config, stack assembly.Stack, options Options) ([]review.DriftedStack, error) {
	var results []review.DriftedStack
	var failed error // another error than missing rights, which no other role would change
	err := assembly.As(ctx, cfg, stack, func(ctx context.Context, cfg aws.Config) error {
		d := detector{cfg: cfg, client: cloudformation.NewFromConfig(cfg), options: options}
		failed = d.detect(ctx, stack.Name, stack.Name)
		results = d.results
		if refused, ok := errors.AsType[smithy.APIError](failed); ok && denied(refused) {
			return fmt.Errorf("%s: %s", refused.ErrorCode(), refused.ErrorMessage())
		}
		return nil
	})
	action := "detect the drift of " + stack.Name
	if refused, ok := errors.AsType[*assembly.DeniedError](err); ok {
		return nil, fmt.Errorf("%s, which needs %s and the right to read each resource (AWS's policy ReadOnlyAccess has them): %w",
			action, strings.Join(Actions, ", "), refused)
	}
	if err != nil {
		return nil, session.Failure(action, err)
	}
	return results, session.Failure(action, failed)
}

// denied reports whether the caller lacks a right.
func denied(err smithy.APIError) bool {
	return strings.HasPrefix(err.ErrorCode(), "AccessDenied") || err.ErrorCode() == "UnauthorizedOperation"
}

// detector detects the drift of a stack and of its nested stacks.
type detector struct {
	cfg     aws.Config
	client  *cloudformation.Client
	options Options
	results []review.DriftedStack
}

// detect adds the result of the stack with an id, and those of its nested stacks.
func (d *detector) detect(ctx context.Context, id, name string) error {
	resources, err := d.resources(ctx, id)
	if assembly.Missing(err) {
		return &client.NotDeployedError{Stack: name, Region: d.cfg.Region}
	}
	if err != nil {
		return err
	}
	d.options.Progress(fmt.Sprintf("%s: drift detection of %d resources started", name, len(resources)))
	status, err := d.finish(ctx, id, name)
	if err != nil {
		return err
	}
	found, err := d.drifts(ctx, id)
	if err != nil {
		return err
	}
	result := review.DriftedStack{Name: name, Unchecked: map[string]int{}}
	if status.DetectionStatus == types.StackDriftDetectionStatusDetectionFailed {
		result.Incomplete = cmp.Or(aws.ToString(status.DetectionStatusReason), "CloudFormation names no reason")
	}
	if err := d.convert(ctx, id, found, &result); err != nil {
		return err
	}
	var nested []types.StackResourceSummary
	for _, resource := range resources {
		kind := aws.ToString(resource.ResourceType)
		if kind == "AWS::CloudFormation::Stack" && aws.ToString(resource.PhysicalResourceId) != "" {
			nested = append(nested, resource)
			continue
		}
		checked := slices.ContainsFunc(found, func(drift types.StackResourceDrift) bool {
			return aws.ToString(drift.LogicalResourceId) == aws.ToString(resource.LogicalResourceId) &&
				drift.StackResourceDriftStatus != types.StackResourceDriftStatusNotChecked && drift.StackResourceDriftStatus != types.StackResourceDriftStatusUnsupported
		})
		if !checked && kind != "AWS::CDK::Metadata" {
			result.Unchecked[kind]++
		}
	}
	d.results = append(d.results, result)
	for _, resource := range nested { // a detection omits nested stacks
		inner := aws.ToString(resource.PhysicalResourceId)
		if err := d.detect(ctx, inner, name+"/"+aws.ToString(resource.LogicalResourceId)); err != nil {
			return fmt.Errorf("nested stack %s: %w", aws.ToString(resource.LogicalResourceId), err)
		}
	}
	return nil
}

func (d *detector) resources(ctx context.Context, stack string) (all []types.StackResourceSummary, err error) {
	pages := cloudformation.NewListStackResourcesPaginator(d.client, &cloudformation.ListStackResourcesInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.StackResourceSummaries...)
	}
	return all, nil
}

// finish starts a detection and waits for its end.
func (d *detector) finish(ctx context.Context, stack, name string) (*cloudformation.DescribeStackDriftDetectionStatusOutput, error) {
	var id *string
	for requests := 1; id == nil; requests++ {
		started, err := d.client.DetectStackDrift(ctx, &cloudformation.DetectStackDriftInput{StackName: &stack})
		switch {
		case err == nil:
			id = started.StackDriftDetectionId
			continue
		case !strings.Contains(err.Error(), "already in progress"): // of one stack, one detection runs at a time
			return nil, err
		}
		if err := d.wait(ctx, requests, name+": waiting for the end of another drift detection"); err != nil {
			return nil, err
		}
	}
	for requests := 1; ; requests++ {
		status, err := d.client.DescribeStackDriftDetectionStatus(ctx, &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: id})
		if err != nil || status.DetectionStatus != types.StackDriftDetectionStatusDetectionInProgress {
			return status, err
		}
		if err := d.wait(ctx, requests, name+": drift detection in progress"); err != nil {
			return nil, err
		}
	}
}

// wait waits until the next request. It reports the progress after some of them.
func (d *detector) wait(ctx context.Context, requests int, progress string) error {
	if requests%progressEvery == 0 {
		d.options.Progress(fmt.Sprintf("%s (%s)", progress, time.Duration(requests)*d.options.Interval))
	}
	timer := time.NewTimer(d.options.Interval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (d *detector) drifts(ctx context.Context, stack string) (all []types.StackResourceDrift, err error) {
	pages := cloudformation.NewDescribeStackResourceDriftsPaginator(d.client, &cloudformation.DescribeStackResourceDriftsInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.StackResourceDrifts...)
	}
	return all, nil
}

// convert adds the drifted resources to the result. CloudFormation returns no
// properties of a deleted resource; its template has them.
func (d *detector) convert(ctx context.Context, stack string, found []types.StackResourceDrift, result *review.DriftedStack) (err error) {
	if result.Template, err = assembly.Template(ctx, d.cfg, stack); err != nil {
		return err
	}
	for _, drift := range found {
		resource := review.DriftedResource{ID: aws.ToString(drift.LogicalResourceId), Type: aws.ToString(drift.ResourceType)}
		switch drift.StackResourceDriftStatus {
		case types.StackResourceDriftStatusModified:
			for _, difference := range drift.PropertyDifferences {
				resource.Differences = append(resource.Differences, review.Difference{
					Path: aws.ToString(difference.PropertyPath), Expected: aws.ToString(difference.ExpectedValue), Actual: aws.ToString(difference.ActualValue),
				})
			}
			if resource.Expected, err = properties(drift.ExpectedProperties); err == nil {
				resource.Actual, err = properties(drift.ActualProperties)
			}
			if err != nil {
				return fmt.Errorf("the properties of %s: %w", resource.ID, err)
			}
		case types.StackResourceDriftStatusDeleted:
			resource.Deleted = true
		case types.StackResourceDriftStatusUnknown:
			result.Unknown = append(result.Unknown, review.Unknown{
				ID: resource.ID, Type: resource.Type, Reason: cmp.Or(aws.ToString(drift.DriftStatusReason), "CloudFormation names no reason"),
			})
			continue
		default:
			continue
		}
		result.Resources = append(result.Resources, resource)
	}
	return nil
}

// properties decodes the properties of a resource. The error holds no part of them.
func properties(text *string) (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(cmp.Or(aws.ToString(text), "{}")))
	decoder.UseNumber()
	var decoded map[string]any
	if decoder.Decode(&decoded) != nil {
		return nil, errors.New("CloudFormation returned no JSON")
	}
	return decoded, nil
}
