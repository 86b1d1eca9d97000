package review

import (
	"strings"
)

// holders are the types of resources that hold irreplaceable data, with a name for
// the data.
var holders = map[string]string{
	"AWS::Logs::LogGroup":                  "its logs",
	"AWS::S3::Bucket":                      "its objects",
	"AWS::DynamoDB::Table":                 "its items",
	"AWS::DynamoDB::GlobalTable":           "its items",
	"AWS::RDS::DBInstance":                 "its data",
	"AWS::RDS::DBCluster":                  "its data",
	"AWS::Redshift::Cluster":               "its data",
	"AWS::EFS::FileSystem":                 "its files",
	"AWS::SQS::Queue":                      "its messages",
	"AWS::KMS::Key":                        "the key and all data under it",
	"AWS::SecretsManager::Secret":          "its value",
	"AWS::SSM::Parameter":                  "its value",
	"AWS::Cognito::UserPool":               "its users",
	"AWS::ECR::Repository":                 "its images",
	"AWS::Kinesis::Stream":                 "its records",
	"AWS::ApiGatewayV2::Api":               "its URL",
	"AWS::ApiGatewayV2::DomainName":        "the name, for a while",
	"AWS::Lambda::Url":                     "its URL",
	"AWS::SNS::Subscription":               "its confirmation",
	"AWS::CloudFormation::Stack":           "all its resources",
	"AWS::CertificateManager::Certificate": "the certificate",
}

// loss adds the replacement or removal of a resource that holds data.
func (c *comparison) loss(id, kind, impact string, before any, properties map[string]string) {
	held, holds := holders[kind]
	if !holds || before == nil {
		return
	}
	change := Change{Kind: Loss, Resource: id, Type: kind}
	switch impact {
	case "WILL_DESTROY":
		change.What = "removed, which loses " + held
	case "WILL_ORPHAN": // by its deletion policy
		change.What = "removed; the old resource remains outside the stack"
	case "WILL_REPLACE", "MAY_REPLACE":
		change.What = map[string]string{"WILL_REPLACE": "replaced", "MAY_REPLACE": "may be replaced"}[impact]
		if keeps(part(before, "UpdateReplacePolicy")) {
			change.What += "; the old resource remains outside the stack"
		} else {
			change.What += ", which loses " + held
		}
		change.Path = strings.Join(propertiesWith(impact, properties), ", ")
	default:
		return
	}
	var from, to any
	if len(properties) == 1 {
		from, to = at(before, change.Path), at(part(c.proposed, "Resources", id), change.Path)
	}
	c.add(change, from, to)
}
