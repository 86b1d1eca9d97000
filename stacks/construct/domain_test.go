package construct_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestDomainReplacesDefaultURL(t *testing.T) {
	stack := stacktest.Query(t, settings.Domain(map[string]any{"tags": map[string]any{"team": "data"}}))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"DisableExecuteApiEndpoint": true})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::DomainName"), map[string]any{
		"DomainName": "sql.example.com",
		"DomainNameConfigurations": []any{map[string]any{
			"CertificateArn": settings.CertificateARN, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2", "IpAddressType": "dualstack",
		}},
		"Tags": map[string]any{"team": "data"},
	})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::ApiMapping"), map[string]any{
		"Stage": "$default", "ApiMappingKey": assertions.Match_Absent(),
	})
	if got := stacktest.Output(t, stack, "QueryUrl"); got != "https://sql.example.com/" {
		t.Errorf("QueryUrl: %s", got)
	}
	if got := stacktest.Output(t, stack, "CurlCommand"); !strings.Contains(got, `--aws-sigv4 "aws:amz:‹AWS::Region›:execute-api"`) || !strings.HasSuffix(got, " https://sql.example.com/") {
		t.Errorf("CurlCommand: %s", got)
	}
}

func TestDefaultURLStaysWithoutDomain(t *testing.T) {
	stack := stacktest.Query(t, nil)
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"DisableExecuteApiEndpoint": false})
	stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::DomainName"), jsii.Number(0))
}

func TestURLContainsPrefix(t *testing.T) {
	stack := stacktest.Query(t, settings.With(settings.Domain(map[string]any{"url_prefix": "data/v1"}), map[string]any{"api_gateway_stage": "live"}))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::ApiMapping"), map[string]any{"Stage": "live", "ApiMappingKey": "data/v1"})
	if got := stacktest.Output(t, stack, "QueryUrl"); got != "https://sql.example.com/data/v1/" {
		t.Errorf("QueryUrl: %s", got)
	}
}

func TestHostedZoneReceivesRecords(t *testing.T) {
	stack := stacktest.Query(t, settings.Domain(map[string]any{"hosted_zone_id": "Z0123456789ABCDEFGHIJ", "hosted_zone_name": "example.com"}))
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
		t.Error("the output DnsTarget exists beside the records")
	}
}

func TestOutputContainsAliasTargetWithoutHostedZone(t *testing.T) {
	stack := stacktest.Query(t, settings.Domain(nil))
	stack.ResourceCountIs(jsii.String("AWS::Route53::RecordSet"), jsii.Number(0))
	if got := stacktest.Output(t, stack, "DnsTarget"); !strings.HasSuffix(got, ".RegionalDomainName›") {
		t.Errorf("DnsTarget: %s", got)
	}
}
