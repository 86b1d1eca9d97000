package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53targets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// DomainProps says which domain name to make, and for which API.
type DomainProps struct {
	Domain config.CustomDomain
	API    awsapigatewayv2.IHttpApi
	Stage  awsapigatewayv2.IHttpStage
}

// Domain is a domain name for the API, with its records when the hosted zone
// is known.
type Domain struct {
	constructs.Construct
	URL string // ends in a slash

	// Target is the name that the domain must lead to, by a record that others
	// make. It is empty when the stack makes the records.
	Target string
}

// NewDomain makes the domain name. It is reached by IPv4 and IPv6, with TLS 1.2
// at least.
func NewDomain(scope constructs.Construct, id string, props DomainProps) *Domain {
	conf := props.Domain
	this := constructs.NewConstruct(scope, jsii.String(id))
	name := awsapigatewayv2.NewDomainName(this, jsii.String("Name"), &awsapigatewayv2.DomainNameProps{
		DomainName:     jsii.String(conf.DomainName),
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(this, jsii.String("Certificate"), jsii.String(conf.CertificateARN)),
		SecurityPolicy: awsapigatewayv2.SecurityPolicy_TLS_1_2,
		IpAddressType:  awsapigatewayv2.IpAddressType_DUAL_STACK,
	})
	tag(name, conf.Tags)

	mapping := &awsapigatewayv2.ApiMappingProps{Api: props.API, DomainName: name, Stage: props.Stage}
	domain := &Domain{Construct: this, URL: "https://" + conf.DomainName + "/"}
	if conf.URLPrefix != "" {
		mapping.ApiMappingKey = jsii.String(conf.URLPrefix)
		domain.URL += conf.URLPrefix + "/"
	}
	awsapigatewayv2.NewApiMapping(this, jsii.String("Mapping"), mapping)
	if conf.HostedZoneID != "" {
		addRecords(this, conf, name)
	} else {
		domain.Target = *name.RegionalDomainName()
	}
	return domain
}

func addRecords(scope constructs.Construct, conf config.CustomDomain, name awsapigatewayv2.DomainName) {
	zone := awsroute53.HostedZone_FromHostedZoneAttributes(scope, jsii.String("Zone"), &awsroute53.HostedZoneAttributes{
		HostedZoneId: jsii.String(conf.HostedZoneID),
		ZoneName:     jsii.String(conf.HostedZoneName),
	})
	target := awsroute53.RecordTarget_FromAlias(
		awsroute53targets.NewApiGatewayv2DomainProperties(name.RegionalDomainName(), name.RegionalHostedZoneId()))
	fullName := jsii.String(conf.DomainName + ".") // the dot keeps the CDK from adding the zone's name
	awsroute53.NewARecord(scope, jsii.String("A"), &awsroute53.ARecordProps{Zone: zone, RecordName: fullName, Target: target})
	awsroute53.NewAaaaRecord(scope, jsii.String("Aaaa"), &awsroute53.AaaaRecordProps{Zone: zone, RecordName: fullName, Target: target})
}
