package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// AliasTargetDescription describes the output with a domain's alias target.
const AliasTargetDescription = "Alias target of the custom domain: create a CNAME or alias record that points to it"

// DomainSettings name a custom domain and, optionally, its hosted zone.
type DomainSettings struct {
	Name, CertificateARN string
	URLPrefix            string // the API's path below the domain; "" for its root
	HostedZoneID         string // of the zone that gets the records; "" for none
	HostedZoneName       string
	Tags                 map[string]string
}

// DomainSettingsOf returns the domain's part of the settings, nil for none.
func DomainSettingsOf(domain *config.CustomDomain) *DomainSettings {
	if domain == nil {
		return nil
	}
	return &DomainSettings{
		Name: domain.DomainName, CertificateARN: domain.CertificateARN, URLPrefix: domain.URLPrefix,
		HostedZoneID: domain.HostedZoneID, HostedZoneName: domain.HostedZoneName, Tags: domain.Tags,
	}
}

// DomainProps are the properties of a custom domain.
type DomainProps struct {
	DomainSettings
	API   awsapigatewayv2.IHttpApi
	Stage awsapigatewayv2.IHttpStage
}

// Domain is a custom domain of an API, with its records in the hosted zone.
type Domain struct {
	constructs.Construct
	URL string // ends in a slash

	// AliasTarget is the name that the domain's record must point to. It is empty
	// when the stack makes the records.
	AliasTarget string
}

// NewDomain makes the domain, for IPv4 and IPv6, with TLS 1.2 or newer.
func NewDomain(scope constructs.Construct, id string, props DomainProps) *Domain {
	node := constructs.NewConstruct(scope, jsii.String(id))
	name := awsapigatewayv2.NewDomainName(node, jsii.String("Name"), &awsapigatewayv2.DomainNameProps{
		DomainName:     jsii.String(props.Name),
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(node, jsii.String("Certificate"), jsii.String(props.CertificateARN)),
		SecurityPolicy: awsapigatewayv2.SecurityPolicy_TLS_1_2,
		IpAddressType:  awsapigatewayv2.IpAddressType_DUAL_STACK,
	})
	Tag(name, props.Tags)

	mapping := &awsapigatewayv2.ApiMappingProps{Api: props.API, DomainName: name, Stage: props.Stage}
	domain := &Domain{Construct: node, URL: "https://" + props.Name + "/"}
	if props.URLPrefix != "" {
		mapping.ApiMappingKey = jsii.String(props.URLPrefix)
		domain.URL += props.URLPrefix + "/"
	}
	awsapigatewayv2.NewApiMapping(node, jsii.String("Mapping"), mapping)
	if props.HostedZoneID != "" {
		addRecords(node, props.DomainSettings, name)
	} else {
		domain.AliasTarget = *name.RegionalDomainName()
	}
	return domain
}

// addRecords points the domain's records to the API. The module awsroute53targets would
// do so, too, but it makes the app compile the modules of eight other services.
func addRecords(scope constructs.Construct, settings DomainSettings, name awsapigatewayv2.DomainName) {
	for _, version := range []struct{ id, recordType string }{{"A", "A"}, {"Aaaa", "AAAA"}} {
		record := constructs.NewConstruct(scope, jsii.String(version.id))
		awsroute53.NewCfnRecordSet(record, jsii.String("Resource"), &awsroute53.CfnRecordSetProps{
			HostedZoneId: jsii.String(settings.HostedZoneID),
			Name:         jsii.String(settings.Name + "."),
			Type:         jsii.String(version.recordType),
			AliasTarget:  &awsroute53.CfnRecordSet_AliasTargetProperty{DnsName: name.RegionalDomainName(), HostedZoneId: name.RegionalHostedZoneId()},
		})
	}
}
