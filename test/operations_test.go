package test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/metrics"
	"defog-cdk/local"
)

// TestOperations deploys a stack that somebody looks after, with a domain name
// of its own, on a local AWS that checks signatures.
func TestOperations(t *testing.T) {
	w := newWorld(t, local.EnforceIAM())
	w.deploy(t, "-c", "alarm_email=ops@example.com",
		"-c", "api_gateway_custom_domain.domain_name=sql.example.com",
		"-c", "api_gateway_custom_domain.certificate_arn=arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
		"-c", "api_gateway_custom_domain.url_prefix=data",
		"-c", "results_bucket="+w.createBucket(t, "our-results"))
	w.generator.Teach("How many?", "SELECT 1")

	t.Run("the domain takes signed questions alone", func(t *testing.T) { testDomain(t, w) })
	t.Run("an answer over the limits is in the bucket", func(t *testing.T) { testResults(t, w) })
	t.Run("the function measures what alarms and dashboard show", func(t *testing.T) { testMetrics(t, w) })
	t.Run("an alarm rings", func(t *testing.T) { testAlarm(t, w) })
}

func testDomain(t *testing.T, w *world) {
	if w.url != "https://sql.example.com/data/" {
		t.Fatalf("QueryUrl is %s", w.url)
	}
	wrong := root()
	wrong.AccessKeyID, wrong.SecretAccessKey = "AKIAIOSFODNN7EXAMPLE", "wrong"
	const question = `{"question": "How many?"}`
	for _, test := range []struct {
		name   string
		sign   func(*http.Request) error
		status int
	}{
		{"not signed", func(*http.Request) error { return nil }, http.StatusForbidden},
		{"signed by nobody", func(request *http.Request) error { return sign(t, wrong, request, question) }, http.StatusForbidden},
		{"signed", func(request *http.Request) error { return sign(t, root(), request, question) }, http.StatusOK},
	} {
		status, body := w.send(t, question, func(request *http.Request) error {
			if err := w.resolve(request); err != nil {
				return err
			}
			return test.sign(request)
		})
		if status != test.status || status == http.StatusOK && !decode(t, body).RanSuccessfully {
			t.Errorf("%s: status %d: %s", test.name, status, body)
		}
	}
}

// resolve sends a request to a custom domain to the local AWS, as DNS would.
func (w *world) resolve(request *http.Request) error {
	endpoint, err := url.Parse(w.aws.Endpoint())
	if err != nil {
		return err
	}
	request.Host = request.URL.Host
	request.URL.Scheme, request.URL.Host = endpoint.Scheme, endpoint.Host
	return nil
}

// testMetrics finds every metric that somebody looks at among those that the
// function wrote with its answer.
func testMetrics(t *testing.T, w *world) {
	client := cloudwatch.NewFromConfig(w.config(root()))
	dashboard, err := client.GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: w.resource(t, "AWS::CloudWatch::Dashboard")})
	if err != nil {
		t.Fatal(err)
	}
	shown := shownMetrics(t, aws.ToString(dashboard.DashboardBody))
	for _, alarm := range alarms(t, client) {
		if aws.ToString(alarm.Namespace) == metrics.Namespace {
			shown = append(shown, aws.ToString(alarm.MetricName))
		}
	}
	shown = append(shown, metrics.Questions) // in the dashboard's search expression
	slices.Sort(shown)
	if diff := cmp.Diff(measuredMetrics(t, w), slices.Compact(shown)); diff != "" {
		t.Errorf("-measured +shown:\n%s", diff)
	}
}

// resource is the name of the stack's only resource of a type.
func (w *world) resource(t *testing.T, kind string) *string {
	t.Helper()
	described, err := cloudformation.NewFromConfig(w.config(root())).DescribeStackResources(t.Context(),
		&cloudformation.DescribeStackResourcesInput{StackName: aws.String(stackName)})
	if err != nil {
		t.Fatal(err)
	}
	of := func(resource cfntypes.StackResource) bool { return aws.ToString(resource.ResourceType) == kind }
	i := slices.IndexFunc(described.StackResources, of)
	if i < 0 {
		t.Fatalf("the stack has no %s", kind)
	}
	return described.StackResources[i].PhysicalResourceId
}

// shownMetrics are the names of the function's own metrics on a dashboard.
func shownMetrics(t *testing.T, body string) (names []string) {
	t.Helper()
	var dashboard struct {
		Widgets []struct{ Properties struct{ Metrics [][]any } }
	}
	if err := json.Unmarshal([]byte(body), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, widget := range dashboard.Widgets {
		for _, metric := range widget.Properties.Metrics {
			if metric[0] != metrics.Namespace {
				continue
			}
			names = append(names, metric[1].(string))
			if diff := cmp.Diff([]any{metrics.Stack, stackName}, metric[2:4]); diff != "" {
				t.Errorf("%s: dimensions -want +got:\n%s", metric[1], diff)
			}
		}
	}
	return names
}

// measuredMetrics are the names, sorted, of those that the function's log
// carries for a question that was answered.
func measuredMetrics(t *testing.T, w *world) (names []string) {
	t.Helper()
	log, err := readLog(t, w.config(root()), findFunction(t, w).logGroup)
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Stack, Outcome string
		Directive      struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	for text := range strings.Lines(log) {
		if strings.Contains(text, `"_aws"`) && json.Unmarshal([]byte(text), &line) == nil {
			break
		}
	}
	if line.Stack != stackName || line.Outcome != "ok" {
		t.Errorf("no metrics of %s in the log:\n%s", stackName, log)
	}
	for _, directive := range line.Directive.CloudWatchMetrics {
		if directive.Namespace != metrics.Namespace || !slices.ContainsFunc(directive.Dimensions, func(names []string) bool { return slices.Equal(names, []string{metrics.Stack}) }) {
			t.Errorf("metrics under %s by %v", directive.Namespace, directive.Dimensions)
		}
		for _, metric := range directive.Metrics {
			names = append(names, metric.Name)
		}
	}
	slices.Sort(names)
	return names
}

func testAlarm(t *testing.T, w *world) {
	client := cloudwatch.NewFromConfig(w.config(root()))
	if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{
		Namespace: aws.String(metrics.Namespace),
		MetricData: []types.MetricDatum{{
			MetricName: aws.String(metrics.GeneratorFailures), Value: aws.Float64(1),
			Dimensions: []types.Dimension{{Name: aws.String(metrics.Stack), Value: aws.String(stackName)}},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, alarm := range alarms(t, client) {
		name := aws.ToString(alarm.MetricName)
		if rings := alarm.StateValue == types.StateValueAlarm; rings != (name == metrics.GeneratorFailures) {
			t.Errorf("the alarm on %s is %s", name, alarm.StateValue)
		}
		if len(alarm.AlarmActions) != 1 || !strings.HasPrefix(alarm.AlarmActions[0], "arn:aws:sns:") {
			t.Errorf("the alarm on %s tells %v", name, alarm.AlarmActions)
		}
	}
}

func alarms(t *testing.T, client *cloudwatch.Client) []types.MetricAlarm {
	t.Helper()
	described, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(described.MetricAlarms) == 0 {
		t.Fatal("no alarms")
	}
	return described.MetricAlarms
}
