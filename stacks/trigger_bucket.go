package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3notifications"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// unfinishedDays is after how many days the parts of an upload that nobody
// finished are deleted.
const unfinishedDays = 7

// The CDK's own ids for its functions that set a bucket's notifications and that
// empty a bucket.
const (
	notificationsHandler = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834"
	emptierProvider      = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
)

// newTriggerBucket makes the bucket whose objects trigger the function, or takes
// the user's as it is. Ours is encrypted, reached over TLS alone and by nobody
// outside.
func newTriggerBucket(scope constructs.Construct, inputs *Inputs) awss3.IBucket {
	conf := inputs.Config
	if conf.Bucket != "" {
		return awss3.Bucket_FromBucketName(scope, jsii.String("Bucket"), jsii.String(conf.Bucket))
	}
	rules := []*awss3.LifecycleRule{{
		Id:                                  jsii.String("unfinished-uploads"),
		AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(unfinishedDays)),
	}}
	if conf.Expiration != nil {
		rules = append(rules, &awss3.LifecycleRule{Id: jsii.String("expiration"), Expiration: awscdk.Duration_Days(jsii.Number(*conf.Expiration))})
	}
	props := &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules:    &rules,
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	}
	if !conf.Retain() {
		props.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
		props.AutoDeleteObjects = jsii.Bool(!emptyingGap.leftOut(scope, inputs.Local))
	}
	bucket := awss3.NewBucket(scope, jsii.String("Bucket"), props)
	if emptier := awscdk.Stack_Of(scope).Node().TryFindChild(jsii.String(emptierProvider)); emptier != nil {
		impliedDependency(emptier, "Handler")
	}
	acceptFinding(bucket, "AwsSolutions-S1", "its objects are the function's input and output, and the function's log says what was read and written")
	tag(bucket, conf.BucketTags)
	return bucket
}

// addTrigger has objects that appear below the input's prefix start the
// function. Only this bucket, in this account, may start it. A bucket of the
// user's keeps the notifications that it has.
func addTrigger(scope constructs.Construct, conf config.Config, bucket awss3.IBucket, alias awslambda.Alias) {
	bucket.AddEventNotification(awss3.EventType_OBJECT_CREATED, awss3notifications.NewLambdaDestination(alias),
		&awss3.NotificationKeyFilter{Prefix: jsii.String(conf.InputPrefix())})

	handler := awscdk.Stack_Of(scope).Node().FindChild(jsii.String(notificationsHandler))
	impliedDependency(handler, "Resource")
	var role awsiam.Role
	jsii.UnsafeCast(handler.Node().FindChild(jsii.String("Role")), &role)
	acceptFinding(role, "AwsSolutions-IAM4", "the CDK's function that sets the bucket's notifications writes its log by AWS's policy for that")
	acceptFinding(role, "AwsSolutions-IAM5", "AWS's policy for writing logs")
}
