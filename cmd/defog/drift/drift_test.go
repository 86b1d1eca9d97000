package drift

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/assembly"
	"defog-cdk/cmd/defog/review"
)

// cloudFormation is a fake of CloudFormation, with the elements of its model.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackResourceDrift.html
type cloudFormation struct {
	mayDetect string // a part of the caller's key
	mayRead   string // the same of a caller who may read templates
	resources string // pages of ListStackResources, separated by "+"
	nested    string // of the nested stack
	drifts    string // pages of DescribeStackResourceDrifts
	statuses  []string
	busy      int // requests that another detection rejects
	reason    string

	actions []string
}

// summaries returns resources, given as "id=type", as XML.
func summaries(list string) string {
	var out strings.Builder
	for _, resource := range strings.Fields(list) {
		id, kind, _ := strings.Cut(resource, "=")
		fmt.Fprintf(&out, "<member><LogicalResourceId>%s</LogicalResourceId><ResourceType>%s</ResourceType><PhysicalResourceId>%s-id</PhysicalResourceId></member>", id, kind, id)
	}
	return out.String()
}

func (c *cloudFormation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	action := r.Form.Get("Action")
	c.actions = append(c.actions, action)
	answer := func(format string, args ...any) {
		fmt.Fprintf(w, "<%s%s><%[1]s%[3]s>%s</%[1]s%[3]s></%[1]s%[2]s>", action, "Response", "Result", fmt.Sprintf(format, args...))
	}
	refuse := func(code, message string) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
	}
	page := func(pages, element string) {
		list, number := strings.Split(pages, "+"), len(r.Form.Get("NextToken"))
		next := ""
		if number+1 < len(list) {
			next = "<NextToken>" + strings.Repeat("x", number+1) + "</NextToken>"
		}
		answer("<%s>%s</%[1]s>%[3]s", element, list[number], next)
	}
	switch action {
	case "GetCallerIdentity":
		answer("<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/me</Arn>")
		return
	case "AssumeRole":
		answer("<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>x</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
			url.QueryEscape(r.Form.Get("RoleArn")))
		return
	}
	nested := r.Form.Get("StackName") == "Inner-id"
	switch {
	case r.Form.Get("StackName") == "absent":
		refuse("ValidationError", "Stack with id absent does not exist")
	case !strings.Contains(r.Header.Get("Authorization"), c.mayDetect):
		refuse("AccessDenied", "not authorized to perform: cloudformation:"+action)
	case action == "ListStackResources" && nested:
		page(summaries(c.nested), "StackResourceSummaries")
	case action == "ListStackResources":
		list := strings.Split(c.resources, "+")
		for i := range list {
			list[i] = summaries(list[i])
		}
		page(strings.Join(list, "+"), "StackResourceSummaries")
	case action == "DetectStackDrift" && c.busy > 0:
		c.busy--
		refuse("ValidationError", "Drift detection is already in progress for stack [shop-dev]")
	case action == "DetectStackDrift":
		answer("<StackDriftDetectionId>1</StackDriftDetectionId>")
	case action == "DescribeStackDriftDetectionStatus":
		status := c.statuses[0]
		if len(c.statuses) > 1 {
			c.statuses = c.statuses[1:]
		}
		answer("<DetectionStatus>%s</DetectionStatus><DetectionStatusReason>%s</DetectionStatusReason><StackId>s</StackId><StackDriftDetectionId>1</StackDriftDetectionId>"+
			"<Timestamp>2026-01-01T00:00:00Z</Timestamp>", status, c.reason)
	case action == "DescribeStackResourceDrifts" && nested:
		page("", "StackResourceDrifts")
	case action == "DescribeStackResourceDrifts":
		page(c.drifts, "StackResourceDrifts")
	case action == "GetTemplate" && !strings.Contains(r.Header.Get("Authorization"), c.mayRead):
		refuse("AccessDenied", "not authorized to perform: cloudformation:"+action)
	case action == "GetTemplate":
		answer("<TemplateBody>{}</TemplateBody>")
	default:
		refuse("InvalidAction", action)
	}
}

// drifted returns the XML of a resource's drift.
func drifted(id, kind, status, more string) string {
	return fmt.Sprintf("<member><LogicalResourceId>%s</LogicalResourceId><ResourceType>%s</ResourceType><StackResourceDriftStatus>%s</StackResourceDriftStatus>"+
		"<StackId>s</StackId><Timestamp>2026-01-01T00:00:00Z</Timestamp>%s</member>", id, kind, status, more)
}

func detect(t *testing.T, fake *cloudFormation, stack assembly.Stack) (results []review.DriftedStack, progress []string, err error) {
	t.Helper()
	server := httptest.NewServer(fake)
	defer server.Close()
	cfg := aws.Config{BaseEndpoint: aws.String(server.URL), Region: "eu-central-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDME", "x", "")}
	results, err = Detect(t.Context(), cfg, stack, Options{Progress: func(text string) { progress = append(progress, text) }})
	return results, progress, err
}

// TestDetect detects the drift of a stack with a nested one, over several pages,
// while another detection runs at first.
func TestDetect(t *testing.T) {
	properties := func(element, text string) string {
		return "<" + element + ">" + html.EscapeString(text) + "</" + element + ">"
	}
	fake := &cloudFormation{
		mayDetect: "AKIDME", busy: 2,
		resources: "Query=AWS::Lambda::Function Route=AWS::ApiGatewayV2::Route Second=AWS::ApiGatewayV2::Route+Logs=AWS::Logs::LogGroup Topic=AWS::SNS::Topic " +
			"Key=AWS::KMS::Key Inner=AWS::CloudFormation::Stack Usage=AWS::CDK::Metadata",
		nested: "Queue=AWS::SQS::Queue",
		drifts: drifted("Query", "AWS::Lambda::Function", "MODIFIED", properties("ExpectedProperties", `{"Timeout": 30}`)+properties("ActualProperties", `{"Timeout": 60}`)+
			"<PropertyDifferences><member><PropertyPath>/Timeout</PropertyPath><ExpectedValue>30</ExpectedValue><ActualValue>60</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences>") +
			"+" + drifted("Logs", "AWS::Logs::LogGroup", "DELETED", "") + drifted("Topic", "AWS::SNS::Topic", "IN_SYNC", "") +
			drifted("Key", "AWS::KMS::Key", "UNKNOWN", "<DriftStatusReason>no right</DriftStatusReason>") + drifted("Second", "AWS::ApiGatewayV2::Route", "UNSUPPORTED", ""),
		statuses: []string{"DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_FAILED", "DETECTION_COMPLETE"},
		reason:   "failed for [Key]",
	}
	results, progress, err := detect(t, fake, assembly.Stack{Name: "shop-dev"})
	if err != nil {
		t.Fatal(err)
	}
	want := []review.DriftedStack{{
		Name: "shop-dev", Template: map[string]any{}, Incomplete: "failed for [Key]",
		Resources: []review.DriftedResource{
			{ID: "Query", Type: "AWS::Lambda::Function", Expected: map[string]any{"Timeout": json.Number("30")}, Actual: map[string]any{"Timeout": json.Number("60")},
				Differences: []review.Difference{{Path: "/Timeout", Expected: "30", Actual: "60"}}},
			{ID: "Logs", Type: "AWS::Logs::LogGroup", Deleted: true},
		},
		Unchecked: map[string]int{"AWS::ApiGatewayV2::Route": 2},
		Unknown:   []review.Unknown{{ID: "Key", Type: "AWS::KMS::Key", Reason: "no right"}},
	}, {Name: "shop-dev/Inner", Template: map[string]any{}, Unchecked: map[string]int{"AWS::SQS::Queue": 1}}}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop-dev: drift detection of 8 resources started", "shop-dev: drift detection in progress (0s)",
		"shop-dev/Inner: drift detection of 1 resources started"}, progress); diff != "" {
		t.Errorf("progress: -want +got:\n%s", diff)
	}
}

func TestDetectWithARole(t *testing.T) {
	fake := &cloudFormation{mayDetect: "cdk-lookup", resources: "", statuses: []string{"DETECTION_COMPLETE"}}
	stack := assembly.Stack{Name: "shop-prod", Account: "210987654321", Region: "cn-north-1", Roles: []string{"arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-lookup-${AWS::Region}"}}
	if results, _, err := detect(t, fake, stack); err != nil || len(results) != 1 {
		t.Errorf("%+v, %v", results, err)
	}
}

// A caller who lacks one right detects with the role, too.
func TestDetectWithARoleThatReadsTemplates(t *testing.T) {
	fake := &cloudFormation{mayRead: "cdk-lookup", resources: "", statuses: []string{"DETECTION_COMPLETE"}}
	stack := assembly.Stack{Name: "shop-prod", Roles: []string{"arn:aws:iam::123456789012:role/cdk-lookup"}}
	if results, _, err := detect(t, fake, stack); err != nil || len(results) != 1 {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestDetectErrors checks that missing rights name every action and every caller, and
// that no other error is one of rights.
func TestDetectErrors(t *testing.T) {
	tests := []struct {
		name  string
		fake  cloudFormation
		stack assembly.Stack
		want  string
	}{
		{"no rights", cloudFormation{mayDetect: "AKIDOTHER"}, assembly.Stack{Name: "shop-dev", Roles: []string{"arn:aws:iam::123456789012:role/lookup"}},
			"detect the drift of shop-dev, which needs " + strings.Join(Actions, ", ") + " and the right to read each resource (AWS's policy ReadOnlyAccess has them): " +
				"as arn:aws:iam::123456789012:user/me: AccessDenied: not authorized to perform: cloudformation:ListStackResources\n" +
				"as arn:aws:iam::123456789012:role/lookup: "},
		{"another account without a role", cloudFormation{}, assembly.Stack{Name: "shop-dev", Account: "210987654321"},
			"as arn:aws:iam::123456789012:user/me: the stack is in the account 210987654321, and the assembly names no role there"},
		{"not deployed", cloudFormation{mayDetect: "AKIDME"}, assembly.Stack{Name: "absent"}, "detect the drift of absent: stack absent is not deployed in region eu-central-1"},
		{"invalid properties", cloudFormation{mayDetect: "AKIDME", statuses: []string{"DETECTION_COMPLETE"},
			drifts: drifted("Query", "AWS::Lambda::Function", "MODIFIED", "<ActualProperties>s3cret</ActualProperties>")}, assembly.Stack{Name: "shop-dev"},
			"the properties of Query: CloudFormation returned no JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := detect(t, &test.fake, test.stack)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}
