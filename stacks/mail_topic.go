package stacks

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newAlarmTopic makes the topic that mails this account's alarms, and no other
// message.
func newAlarmTopic(scope constructs.Construct, stack, email string) awssns.Topic {
	topic := newMailTopic(scope, "Alarms of "+stack, email, "cloudwatch")
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{servicePrincipal("cloudwatch")},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"ArnLike": map[string]any{
			"aws:SourceArn": awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
				Service:      jsii.String("cloudwatch"),
				Resource:     jsii.String("alarm"),
				ResourceName: jsii.String("*"),
				ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
			}),
		}},
	}))
	return topic
}

// newMailTopic makes a topic for the messages of an AWS service, which mails
// them.
func newMailTopic(scope constructs.Construct, name, email, service string) awssns.Topic {
	topic := newTopic(scope, name, fmt.Sprintf("Encrypts the %s on their way to the mail", lowerFirst(name)), service)
	topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(email), nil))
	return topic
}

// newTopic makes a topic for the messages of an AWS service, and a key with that
// description. It takes them over TLS alone. Its key is its own: AWS's key for
// SNS (alias/aws/sns) lets no service publish.
// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func newTopic(scope constructs.Construct, name, keyDescription, service string) awssns.Topic {
	key := awskms.NewKey(scope, jsii.String("TopicKey"), &awskms.KeyProps{
		Description:       jsii.String(keyDescription),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // nothing that lasts is encrypted with it
	})
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{servicePrincipal(service)},
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey*"),
		Resources:  jsii.Strings("*"), // in a key's policy: this key
	}), nil)

	return awssns.NewTopic(scope, jsii.String("Topic"), &awssns.TopicProps{
		DisplayName: jsii.Sprintf("%.90s", name), // SNS takes 100 characters
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
}

func servicePrincipal(service string) awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(jsii.String(service+".amazonaws.com"), nil)
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
