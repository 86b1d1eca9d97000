package query

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/construct"
)

const (
	// deliveries is how often SQS delivers a message before it counts as lost.
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
	deliveries = 5

	// queueHours exceeds the time after which a waiting question fails (QueueTime in
	// lambda/answers): the function, not SQS, discards its message.
	queueHours = 4

	// answerDays is the shortest life cycle in S3; answers expire after a day.
	answerDays = 1

	// longWait is the age in seconds of the oldest waiting question from which an
	// alarm fires.
	longWait = 15 * 60
)

// LongQuestionsProps are the properties of what long questions need.
type LongQuestionsProps struct {
	Concurrency         int  // long questions that run at once
	PointInTimeRecovery bool // of the table
	TimeoutSeconds      int  // of the function
	Retain              bool // keep the bucket when the stack is destroyed
}

// LongQuestions holds the states of long questions, their queue, and the answers
// that exceed an item of the table. SQS starts the function, and not the function
// itself: it lets further questions wait, and keeps the message of one that did not
// start.
type LongQuestions struct {
	constructs.Construct
	Queue       awssqs.Queue
	DeadLetters *construct.DeadLetters

	table  awsdynamodb.Table
	bucket awss3.Bucket
	props  LongQuestionsProps
}

// NewLongQuestions makes table, queue and bucket.
func NewLongQuestions(scope constructs.Construct, id string, props LongQuestionsProps) *LongQuestions {
	node := constructs.NewConstruct(scope, jsii.String(id))
	long := &LongQuestions{Construct: node, props: props}
	long.table = awsdynamodb.NewTable(node, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String(environ.AnswersKey), Type: awsdynamodb.AttributeType_STRING},
		SortKey:             &awsdynamodb.Attribute{Name: jsii.String(environ.AnswersSortKey), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String(environ.AnswersExpiry),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(props.PointInTimeRecovery),
		},
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY, // its items expire within a day
	})
	if !props.PointInTimeRecovery {
		construct.AcceptFinding(long.table, "AwsSolutions-DDB3", "its items expire within a day; async_point_in_time_recovery adds backups")
	}
	long.DeadLetters = construct.NewDeadLetters(node, "DeadLetters",
		"Long questions did not start after several deliveries. The dead-letter queue contains their ids, and the function's log the causes. Empty the queue to end this alarm.")
	long.Queue = awssqs.NewQueue(node, jsii.String("Queue"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Hours(jsii.Number(queueHours)),
		// Lambda requires at least the function's timeout.
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(props.TimeoutSeconds)),
		DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: long.DeadLetters.Queue, MaxReceiveCount: jsii.Number(deliveries)},
	})
	long.bucket = newBucket(node, bucketProps{
		Days: answerDays, Retain: props.Retain,
		Unlogged: "its objects are answers for one caller, which expire within a day, and the function alone reads them",
	})
	return long
}

// variables returns the function's variables for long questions.
func (l *LongQuestions) variables() map[string]string {
	return map[string]string{
		environ.AnswersTable:  *l.table.TableName(),
		environ.AnswersQueue:  *l.Queue.QueueUrl(),
		environ.AnswersBucket: *l.bucket.BucketName(),
	}
}

// permissions returns what the function's role needs. Lambda reads the queue with
// this role.
func (l *LongQuestions) permissions() []construct.Permission {
	return []construct.Permission{
		construct.Allow(l.table.TableArn(), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
		construct.Allow(l.Queue.QueueArn(), "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"),
		construct.AllowWildcard("each large answer is one object, below the prefix for its caller",
			l.bucket.ArnForObjects(jsii.String(environ.AnswersPrefix+"*")), "s3:GetObject", "s3:PutObject"),
	}
}

// start lets the queue's messages invoke the function, one message an event.
func (l *LongQuestions) start(alias awslambda.Alias) {
	alias.AddEventSourceMapping(jsii.String("LongQuestions"), &awslambda.EventSourceMappingOptions{
		EventSourceArn: l.Queue.QueueArn(),
		BatchSize:      jsii.Number(1),
		MaxConcurrency: jsii.Number(l.props.Concurrency),
	})
}

// answersRoute returns the route of answers that the caller fetches later.
func answersRoute(alias awslambda.IFunction) construct.Route {
	return construct.Route{
		Path: "/answers/{id}", Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_DELETE},
		Function: alias, Integration: integration, Headers: []string{"prefer"},
	}
}

// alarms returns the alarms of long questions.
func (l *LongQuestions) alarms(scope constructs.Construct) []awscloudwatch.Alarm {
	return []awscloudwatch.Alarm{
		l.DeadLetters.Alarm,
		construct.NewAlarm(scope, "QueuedQuestions", construct.TrendAlarm(
			l.Queue.MetricApproximateAgeOfOldestMessage(construct.Sample("Maximum")), longWait,
			"Long questions wait for more than 15 minutes, and fail after an hour: async_concurrency is too low, or the function does not start.")),
	}
}
