package construct

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// TopicProps are the properties of a topic for the messages of an AWS service.
type TopicProps struct {
	Name           string // its display name
	Service        string // the service's principal, without the domain
	Email          string // "" for no subscription
	KeyDescription string
}

// NewAlarmTopic makes a topic that mails the alarms of this account and region,
// and accepts no other message.
func NewAlarmTopic(scope constructs.Construct, stack, email string) awssns.Topic {
	topic := NewMailTopic(scope, "Alarms of "+stack, email, "cloudwatch")
	allowPublish(topic, "cloudwatch", map[string]any{"ArnLike": map[string]any{
		"aws:SourceArn": awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
			Service:      jsii.String("cloudwatch"),
			Resource:     jsii.String("alarm"),
			ResourceName: jsii.String("*"),
			ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}),
	}})
	return topic
}

// NewMailTopic makes a topic that mails the messages of an AWS service.
func NewMailTopic(scope constructs.Construct, name, email, service string) awssns.Topic {
	return newTopic(scope, TopicProps{Name: name, Service: service, Email: email, KeyDescription: "Encrypts the " + lowerFirst(name) + " on their way to the mail"})
}

// newTopic makes a topic that accepts messages only over TLS, and its key. AWS's
// own key for SNS (alias/aws/sns) lets no service publish.
// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func newTopic(scope constructs.Construct, props TopicProps) awssns.Topic {
	key := awskms.NewKey(scope, jsii.String("TopicKey"), &awskms.KeyProps{
		Description:       jsii.String(props.KeyDescription),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // it encrypts nothing that is kept
	})
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{ServicePrincipal(props.Service)},
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey*"),
		Resources:  jsii.Strings("*"), // in a key's policy: this key
	}), nil)

	topic := awssns.NewTopic(scope, jsii.String("Topic"), &awssns.TopicProps{
		DisplayName: jsii.Sprintf("%.90s", props.Name), // SNS's limit is 100 characters
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
	if props.Email != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(props.Email), nil))
	}
	return topic
}

func allowPublish(topic awssns.Topic, service string, conditions map[string]any) {
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{ServicePrincipal(service)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &conditions,
	}))
}

// ServicePrincipal returns the principal of an AWS service by its short name.
func ServicePrincipal(service string) awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(jsii.String(service+".amazonaws.com"), nil)
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
