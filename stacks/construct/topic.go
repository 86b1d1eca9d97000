package construct

import (
	"maps"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// TopicID is the construct id of a topic.
const TopicID = "Topic"

// TopicProps are the properties of a topic for the messages of an AWS service.
type TopicProps struct {
	Name           string // its display name
	Service        string // the service's principal, without the domain
	Email          string // "" for no subscription
	KeyDescription string
}

// AlarmTopicProps are the properties of a topic for a stack's alarms.
type AlarmTopicProps struct {
	Stack string // the stack's name
	Email string
}

// NewAlarmTopic makes a topic that mails the alarms of this account and region,
// and accepts no other message.
func NewAlarmTopic(scope constructs.Construct, id string, props AlarmTopicProps) awssns.Topic {
	topic := NewTopic(scope, id, MailTopic("Alarms of "+props.Stack, "cloudwatch", props.Email))
	stack := awscdk.Stack_Of(scope)
	allowPublish(topic, "cloudwatch", map[string]any{"ArnLike": map[string]any{
		"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
			Service:      jsii.String("cloudwatch"),
			Resource:     jsii.String("alarm"),
			ResourceName: jsii.String("*"),
			ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}),
	}})
	return topic
}

// MailTopic returns the properties of a topic that mails the messages of a service.
func MailTopic(name, service, email string) TopicProps {
	return TopicProps{Name: name, Service: service, Email: email, KeyDescription: "Encrypts the " + lowerFirst(name) + " on their way to the mail"}
}

// NewTopic makes a topic that accepts messages only over TLS, and its key. AWS's
// own key for SNS (alias/aws/sns) lets no service publish.
// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func NewTopic(scope constructs.Construct, id string, props TopicProps) awssns.Topic {
	key := awskms.NewKey(scope, jsii.String(id+"Key"), &awskms.KeyProps{
		Description:       jsii.String(props.KeyDescription),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // it encrypts nothing that is kept
	})
	conditions := SourceAccount(awscdk.Stack_Of(scope))
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{ServicePrincipal(props.Service)},
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey*"),
		Resources:  jsii.Strings("*"), // in a key's policy: this key
		Conditions: &conditions,
	}), nil)

	topic := awssns.NewTopic(scope, jsii.String(id), &awssns.TopicProps{
		DisplayName: jsii.Sprintf("%.90s", props.Name), // SNS's limit is 100 characters
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
	if props.Email != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(props.Email), nil))
	}
	return topic
}

// allowPublish lets a service publish for this account, and under more conditions.
func allowPublish(topic awssns.Topic, service string, more map[string]any) {
	conditions := SourceAccount(awscdk.Stack_Of(topic))
	maps.Copy(conditions, more)
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{ServicePrincipal(service)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &conditions,
	}))
}

// SourceAccount returns the condition that a service acts for a resource of the
// stack's account. Lambda sends no such key when it assumes an execution role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func SourceAccount(stack awscdk.Stack) map[string]any {
	return map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}}
}

// ServicePrincipal returns the principal of an AWS service by its short name.
func ServicePrincipal(service string) awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(jsii.String(service+".amazonaws.com"), nil)
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
