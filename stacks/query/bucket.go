package query

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// bucketProps are the properties of a bucket that the function writes.
type bucketProps struct {
	Days     int    // until objects expire
	Retain   bool   // keep the bucket when the stack is destroyed
	Unlogged string // why it needs no access log
}

// newBucket makes a bucket, encrypted and private.
func newBucket(scope constructs.Construct, props bucketProps) awss3.Bucket {
	cdk := &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Id:                                  jsii.String("expire"),
			Expiration:                          awscdk.Duration_Days(jsii.Number(props.Days)),
			AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(1)),
		}},
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	}
	if !props.Retain {
		cdk.RemovalPolicy, cdk.AutoDeleteObjects = awscdk.RemovalPolicy_DESTROY, jsii.Bool(true)
	}
	bucket := awss3.NewBucket(scope, jsii.String("Bucket"), cdk)
	construct.AcceptFinding(bucket, "AwsSolutions-S1", props.Unlogged)
	return bucket
}
