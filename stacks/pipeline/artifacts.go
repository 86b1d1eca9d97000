package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// artifactDays is how long the pipeline's artifacts and caches are kept, so that a
// run can be repeated.
const artifactDays = 30

// newArtifacts makes the bucket for the artifacts of the pipeline's steps. Its key
// can be shared with other accounts, and it requires TLS.
func newArtifacts(scope constructs.Construct, id, pipeline, keyARN string) awss3.Bucket {
	node := constructs.NewConstruct(scope, jsii.String(id))
	bucket := awss3.NewBucket(node, jsii.String("Bucket"), &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_KMS,
		EncryptionKey:     artifactKey(node, pipeline, keyARN),
		BucketKeyEnabled:  jsii.Bool(true),
		EnforceSSL:        jsii.Bool(true),
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		LifecycleRules:    &[]*awss3.LifecycleRule{expiry()},
	})
	acceptArtifacts(bucket)
	return bucket
}

func artifactKey(scope constructs.Construct, pipeline, arn string) awskms.IKey {
	if arn != "" {
		return awskms.Key_FromKeyArn(scope, jsii.String("Key"), jsii.String(arn))
	}
	return awskms.NewKey(scope, jsii.String("Key"), &awskms.KeyProps{
		Description:       jsii.Sprintf("Encrypts the artifacts of %s", pipeline),
		EnableKeyRotation: jsii.Bool(true),
	})
}

func expiry() *awss3.LifecycleRule {
	return &awss3.LifecycleRule{
		Id:                                  jsii.String("expire"),
		Expiration:                          awscdk.Duration_Days(jsii.Number(artifactDays)),
		AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(1)),
	}
}

// expireReplicas adds the same lifecycle to the buckets that the CDK makes in
// other regions.
func expireReplicas(pipeline awscodepipeline.Pipeline) {
	for _, support := range *pipeline.CrossRegionSupport() {
		var bucket awss3.Bucket
		jsii.UnsafeCast(support.ReplicationBucket, &bucket)
		bucket.AddLifecycleRule(expiry())
		acceptArtifacts(bucket)
	}
}

// acceptArtifacts records for cdk-nag and checkov why the bucket has neither logs
// nor versions.
func acceptArtifacts(bucket awss3.Bucket) {
	const unlogged = "only the pipeline's roles read and write these artifacts, CloudTrail can record that, and they expire"
	construct.AcceptFinding(bucket, "AwsSolutions-S1", unlogged)
	var resource awss3.CfnBucket
	jsii.UnsafeCast(bucket.Node().DefaultChild(), &resource)
	resource.AddMetadata(jsii.String("checkov"), map[string]any{"skip": []map[string]string{
		{"id": "CKV_AWS_18", "comment": unlogged},
		{"id": "CKV_AWS_21", "comment": "each run of the pipeline writes its artifacts under new keys, and can be repeated"},
	}})
}
