package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// artifactDays is how long the pipeline's artifacts and caches are kept: long
// enough to repeat a run.
const artifactDays = 30

// newArtifacts makes the bucket for what the pipeline's steps hand to each
// other, encrypted with a key that other accounts can be let use. It takes
// requests over TLS alone.
func newArtifacts(scope constructs.Construct, conf config.Config) awss3.Bucket {
	this := constructs.NewConstruct(scope, jsii.String("Artifacts"))
	bucket := awss3.NewBucket(this, jsii.String("Bucket"), &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_KMS,
		EncryptionKey:     artifactKey(this, conf),
		BucketKeyEnabled:  jsii.Bool(true),
		EnforceSSL:        jsii.Bool(true),
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		LifecycleRules:    &[]*awss3.LifecycleRule{expiry()},
	})
	explainArtifacts(bucket)
	return bucket
}

func artifactKey(scope constructs.Construct, conf config.Config) awskms.IKey {
	if conf.PipelineKMS != "" {
		return awskms.Key_FromKeyArn(scope, jsii.String("Key"), jsii.String(conf.PipelineKMS))
	}
	return awskms.NewKey(scope, jsii.String("Key"), &awskms.KeyProps{
		Description:       jsii.Sprintf("Encrypts the artifacts of %s", conf.PipelineName()),
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

// expireReplicas gives the buckets in other regions, which the CDK makes, the
// same end of life.
func expireReplicas(pipeline awscodepipeline.Pipeline) {
	for _, support := range *pipeline.CrossRegionSupport() {
		var bucket awss3.Bucket
		jsii.UnsafeCast(support.ReplicationBucket, &bucket)
		bucket.AddLifecycleRule(expiry())
		explainArtifacts(bucket)
	}
}

// explainArtifacts gives cdk-nag and checkov the reasons for what the bucket
// lacks.
func explainArtifacts(bucket awss3.Bucket) {
	const unlogged = "only the pipeline's roles read and write these artifacts, which CloudTrail can record, and none lives long"
	acceptFinding(bucket, "AwsSolutions-S1", unlogged)
	var resource awss3.CfnBucket
	jsii.UnsafeCast(bucket.Node().DefaultChild(), &resource)
	resource.AddMetadata(jsii.String("checkov"), map[string]any{"skip": []map[string]string{
		{"id": "CKV_AWS_18", "comment": unlogged},
		{"id": "CKV_AWS_21", "comment": "each run of the pipeline writes its artifacts under keys of their own, and they can be made again"},
	}})
}
