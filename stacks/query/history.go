package query

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/history"
	"defog-cdk/stacks/construct"
)

// HistoryProps are the properties of history and feedback.
type HistoryProps struct {
	ExpirationDays int
	Retain         bool // keep the bucket when the stack is destroyed
}

// History is the bucket with the records of questions, and the feedback on answers.
type History struct {
	constructs.Construct

	bucket awss3.Bucket
}

// NewHistory makes the bucket.
func NewHistory(scope constructs.Construct, id string, props HistoryProps) *History {
	node := constructs.NewConstruct(scope, jsii.String(id))
	return &History{Construct: node, bucket: newBucket(node, bucketProps{
		Days: props.ExpirationDays, Retain: props.Retain,
		Unlogged: "the function alone writes its objects, and CloudTrail's data events can record who reads them",
	})}
}

// permissions returns what the function's role needs. Feedback requires the caller in the
// answer's record. The function cannot list the bucket.
func (h *History) permissions() []construct.Permission {
	objects := func(prefix string) *string { return h.bucket.ArnForObjects(jsii.String(prefix + "*")) }
	return []construct.Permission{
		construct.AllowWildcard("each question is one object, below its day", objects(history.RecordPrefix), "s3:GetObject", "s3:PutObject"),
		construct.AllowWildcard("the feedback on each answer is one object, below the question's day", objects(history.FeedbackPrefix), "s3:PutObject"),
	}
}

// feedbackRoute returns the route of feedback.
func feedbackRoute(alias awslambda.IFunction) construct.Route {
	return construct.Route{
		Path: "/feedback", Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_POST},
		Function: alias, Integration: integration,
	}
}
