package custom

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3notifications"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// unfinishedDays is how long the parts of an unfinished upload are kept.
const unfinishedDays = 7

// notificationsHandler is the CDK's id of its function that sets the
// notifications of buckets. FindChild panics when the CDK changes it.
const notificationsHandler = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834"

// BucketProps are the properties of the function's bucket.
type BucketProps struct {
	BucketName                string // of an existing bucket; "" makes one
	InputPrefix, OutputPrefix string // of events and of results

	// For a bucket that the stack makes.
	Retain         bool // when the stack is destroyed; otherwise it is emptied and deleted
	ExpirationDays *int
	CachePrefix    string // of entries that expire after CacheDays; "" without a cache
	CacheDays      int
	Tags           map[string]string
}

// newBucket makes the bucket, encrypted and private, or returns the
// existing one unchanged.
func newBucket(scope constructs.Construct, id string, props BucketProps) awss3.IBucket {
	if props.BucketName != "" {
		return awss3.Bucket_FromBucketName(scope, jsii.String(id), jsii.String(props.BucketName))
	}
	rules := []*awss3.LifecycleRule{{
		Id:                                  jsii.String("unfinished-uploads"),
		AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(unfinishedDays)),
	}}
	if props.ExpirationDays != nil {
		rules = append(rules, &awss3.LifecycleRule{Id: jsii.String("expiration"), Expiration: awscdk.Duration_Days(jsii.Number(*props.ExpirationDays))})
	}
	if props.CachePrefix != "" {
		rules = append(rules, &awss3.LifecycleRule{
			Id: jsii.String("cache"), Prefix: jsii.String(props.CachePrefix), Expiration: awscdk.Duration_Days(jsii.Number(props.CacheDays)),
		})
	}
	cdk := &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules:    &rules,
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	}
	if !props.Retain {
		cdk.RemovalPolicy, cdk.AutoDeleteObjects = awscdk.RemovalPolicy_DESTROY, jsii.Bool(true)
	}
	bucket := awss3.NewBucket(scope, jsii.String(id), cdk)
	construct.AcceptFinding(bucket, "AwsSolutions-S1", "its objects are the function's input and output, and the function's log records reads and writes")
	construct.Tag(bucket, props.Tags)
	return bucket
}

// addTrigger makes new objects below the prefix invoke the function. Only this
// bucket, in this account, may invoke it. An existing bucket keeps its other
// notifications.
func addTrigger(scope constructs.Construct, bucket awss3.IBucket, prefix string, alias awslambda.Alias) {
	bucket.AddEventNotification(awss3.EventType_OBJECT_CREATED, awss3notifications.NewLambdaDestination(alias),
		&awss3.NotificationKeyFilter{Prefix: jsii.String(prefix)})

	var role awsiam.Role
	jsii.UnsafeCast(awscdk.Stack_Of(scope).Node().FindChild(jsii.String(notificationsHandler)).Node().FindChild(jsii.String("Role")), &role)
	construct.AcceptFinding(role, construct.NagManagedPolicy, "the CDK's function that sets the bucket's notifications writes its log by AWS's policy",
		"Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
}
