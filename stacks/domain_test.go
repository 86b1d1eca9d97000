package stacks

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"

// atDomain are the settings of an API with a domain name and more about it.
func atDomain(more map[string]any) map[string]any {
	return map[string]any{"api_gateway_custom_domain": with(map[string]any{"domain_name": "sql.example.com", "certificate_arn": certificate}, more)}
}

func TestADomainTakesTheDefaultURLsPlace(t *testing.T) {
	stack := template(t, atDomain(map[string]any{"tags": map[string]any{"team": "data"}}))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"DisableExecuteApiEndpoint": true})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::DomainName"), map[string]any{
		"DomainName": "sql.example.com",
		"DomainNameConfigurations": []any{map[string]any{
			"CertificateArn": certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2", "IpAddressType": "dualstack",
		}},
		"Tags": map[string]any{"team": "data"},
	})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::ApiMapping"), map[string]any{
		"Stage": "$default", "ApiMappingKey": assertions.Match_Absent(),
	})
	if got := outputOf(t, stack, "QueryUrl"); got != "https://sql.example.com/" {
		t.Errorf("QueryUrl: %s", got)
	}
	if got := outputOf(t, stack, "CurlCommand"); !strings.Contains(got, `--aws-sigv4 "aws:amz:‹AWS::Region›:execute-api"`) || !strings.HasSuffix(got, " https://sql.example.com/") {
		t.Errorf("CurlCommand: %s", got)
	}
}

func TestWithoutADomainTheDefaultURLStays(t *testing.T) {
	stack := template(t, nil)
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"DisableExecuteApiEndpoint": false})
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::DomainName"), jsii.Number(0))
}

func TestAPrefixIsInTheMappingAndTheURL(t *testing.T) {
	stack := template(t, with(atDomain(map[string]any{"url_prefix": "data/v1"}), map[string]any{"api_gateway_stage": "live"}))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::ApiMapping"), map[string]any{"Stage": "live", "ApiMappingKey": "data/v1"})
	if got := outputOf(t, stack, "QueryUrl"); got != "https://sql.example.com/data/v1/" {
		t.Errorf("QueryUrl: %s", got)
	}
}

func TestAHostedZoneGetsTheRecords(t *testing.T) {
	stack := template(t, atDomain(map[string]any{"hosted_zone_id": "Z0123456789ABCDEFGHIJ", "hosted_zone_name": "example.com"}))
	stack.ResourceCountIs(jsii.String("AWS::Route53::RecordSet"), jsii.Number(2))
	for _, kind := range []string{"A", "AAAA"} {
		stack.HasResourceProperties(jsii.String("AWS::Route53::RecordSet"), map[string]any{
			"Type": kind, "Name": "sql.example.com.", "HostedZoneId": "Z0123456789ABCDEFGHIJ",
			"AliasTarget": map[string]any{
				"DNSName":      map[string]any{"Fn::GetAtt": []any{assertions.Match_AnyValue(), "RegionalDomainName"}},
				"HostedZoneId": map[string]any{"Fn::GetAtt": []any{assertions.Match_AnyValue(), "RegionalHostedZoneId"}},
			},
		})
	}
	if outputs := *stack.FindOutputs(jsii.String("DnsTarget"), nil); len(outputs) > 0 {
		t.Error("DnsTarget asks for records that are there")
	}
}

func TestWithoutAHostedZoneTheTargetIsSaid(t *testing.T) {
	stack := template(t, atDomain(nil))
	stack.ResourceCountIs(jsii.String("AWS::Route53::RecordSet"), jsii.Number(0))
	if got := outputOf(t, stack, "DnsTarget"); !strings.HasSuffix(got, ".RegionalDomainName›") {
		t.Errorf("DnsTarget: %s", got)
	}
}
