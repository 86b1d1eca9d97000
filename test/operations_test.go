package test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/metrics"
)

// TestOperations deploys a stack with alarms, a domain name and a bucket for
// results, on a local AWS that verifies signatures.
func TestOperations(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "operations", enforcingAWS)
	d.deploy(t, "-c", "alarm_email=ops@example.com", "-c", "drift_check=daily",
		"-c", "api_gateway_custom_domain.domain_name=sql.example.com",
		"-c", "api_gateway_custom_domain.certificate_arn=arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
		"-c", "api_gateway_custom_domain.url_prefix=data",
		"-c", "results_bucket="+d.createBucket(t, "our-results"))
	d.generator.Teach("How many?", "SELECT 1")

	t.Run("domain requires signed questions", func(t *testing.T) { testDomain(t, d) })
	t.Run("results over the limits are in the bucket", func(t *testing.T) { testResults(t, d) })
	t.Run("metrics of alarms and dashboard are in the log", func(t *testing.T) { testMetrics(t, d) })
	t.Run("alarm fires on its metric alone", func(t *testing.T) { testAlarm(t, d) })
}

func testDomain(t *testing.T, d *deployment) {
	if d.url != "https://sql.example.com/data/" {
		t.Fatalf("QueryUrl is %s", d.url)
	}
	wrong := root()
	wrong.AccessKeyID, wrong.SecretAccessKey = "AKIAIOSFODNN7EXAMPLE", "wrong"
	const question = `{"question": "How many?"}`
	for _, test := range []struct {
		name   string
		sign   func(*http.Request) error
		status int
	}{
		{"unsigned", func(*http.Request) error { return nil }, http.StatusForbidden},
		{"signed with an unknown key", func(request *http.Request) error { return sign(t, wrong, request, question) }, http.StatusForbidden},
		{"signed", func(request *http.Request) error { return sign(t, root(), request, question) }, http.StatusOK},
	} {
		status, body := d.send(t, question, func(request *http.Request) error {
			if err := d.resolve(request); err != nil {
				return err
			}
			return test.sign(request)
		})
		if status != test.status || status == http.StatusOK && !decode(t, body).RanSuccessfully {
			t.Errorf("%s: status %d: %s", test.name, status, body)
		}
	}
}

// resolve redirects a request for a custom domain to the local AWS, as DNS does.
func (d *deployment) resolve(request *http.Request) error {
	endpoint, err := url.Parse(d.aws.Endpoint())
	if err != nil {
		return err
	}
	request.Host = request.URL.Host
	request.URL.Scheme, request.URL.Host = endpoint.Scheme, endpoint.Host
	return nil
}

// postToDomain sends a body to the custom domain, signed by the root user.
func (d *deployment) postToDomain(t *testing.T, body string) (status int, answer []byte) {
	t.Helper()
	return d.send(t, body, func(request *http.Request) error {
		if err := d.resolve(request); err != nil {
			return err
		}
		return sign(t, root(), request, body)
	})
}

// testMetrics compares the metrics of alarms and dashboard with those that the
// function logged with an answer.
func testMetrics(t *testing.T, d *deployment) {
	if status, body := d.postToDomain(t, `{"question": "How many?"}`); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	client := cloudwatch.NewFromConfig(d.config(root()))
	dashboard, err := client.GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: &d.resources(t, "AWS::CloudWatch::Dashboard")[0]})
	if err != nil {
		t.Fatal(err)
	}
	shown := shownMetrics(t, d.stack(), aws.ToString(dashboard.DashboardBody))
	for _, alarm := range d.alarms(t) {
		if aws.ToString(alarm.Namespace) == metrics.Namespace {
			shown = append(shown, aws.ToString(alarm.MetricName))
		}
	}
	shown = append(shown, metrics.Questions) // in the dashboard's search expression
	slices.Sort(shown)
	if diff := cmp.Diff(measuredMetrics(t, d), slices.Compact(shown)); diff != "" {
		t.Errorf("-measured +shown:\n%s", diff)
	}
}

// shownMetrics returns the names of the function's metrics on a dashboard.
func shownMetrics(t *testing.T, stack, body string) (names []string) {
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
			if diff := cmp.Diff([]any{metrics.Stack, stack}, metric[2:4]); diff != "" {
				t.Errorf("%s: dimensions -want +got:\n%s", metric[1], diff)
			}
		}
	}
	return names
}

// measuredMetrics returns the sorted names of the metrics that the function logged
// for an answered question.
func measuredMetrics(t *testing.T, d *deployment) (names []string) {
	t.Helper()
	log, err := readLog(t, d.config(root()), findFunction(t, d).logGroup)
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
	if line.Stack != d.stack() || line.Outcome != "ok" {
		t.Errorf("no metrics of %s in the log:\n%s", d.stack(), log)
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

func testAlarm(t *testing.T, d *deployment) {
	client := cloudwatch.NewFromConfig(d.config(root()))
	if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{
		Namespace: aws.String(metrics.Namespace),
		MetricData: []types.MetricDatum{{
			MetricName: aws.String(metrics.GeneratorFailures), Value: aws.Float64(1),
			Dimensions: []types.Dimension{{Name: aws.String(metrics.Stack), Value: aws.String(d.stack())}},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, alarm := range d.alarms(t) {
		name := aws.ToString(alarm.MetricName)
		if fired := alarm.StateValue == types.StateValueAlarm; fired != (name == metrics.GeneratorFailures) {
			t.Errorf("the alarm on %s is %s", name, alarm.StateValue)
		}
		if len(alarm.AlarmActions) != 1 || !strings.HasPrefix(alarm.AlarmActions[0], "arn:aws:sns:") {
			t.Errorf("the alarm on %s has the actions %v", name, alarm.AlarmActions)
		}
	}
}

// alarms returns the stack's metric alarms.
func (d *deployment) alarms(t *testing.T) []types.MetricAlarm {
	t.Helper()
	described, err := cloudwatch.NewFromConfig(d.config(root())).DescribeAlarms(t.Context(),
		&cloudwatch.DescribeAlarmsInput{AlarmNames: d.resources(t, "AWS::CloudWatch::Alarm")})
	if err != nil {
		t.Fatal(err)
	}
	if len(described.MetricAlarms) == 0 {
		t.Fatal("the stack has no alarms")
	}
	return described.MetricAlarms
}

// createBucket creates a bucket and returns its name.
func (d *deployment) createBucket(t *testing.T, name string) string {
	t.Helper()
	objects := s3.NewFromConfig(d.config(root()), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	return name
}

// testResults requests more rows than an answer holds, and fetches all of them from
// the URL in the answer.
func testResults(t *testing.T, d *deployment) {
	const rows = 123_456
	d.generator.Teach("Every number?", "SELECT n, 'number ' || n AS name FROM generate_series(1, "+strconv.Itoa(rows)+") AS n")
	const body = `{"question": "Every number?"}`
	status, text := d.postToDomain(t, body)
	var got struct {
		Data      [][]any `json:"data"`
		Truncated bool    `json:"truncated"`
		Results   struct {
			URL      string    `json:"url"`
			Expires  time.Time `json:"expires"`
			RowCount int       `json:"row_count"`
		} `json:"results"`
	}
	if err := json.Unmarshal(text, &got); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v: %.500s", status, err, text)
	}
	if len(got.Data) != 10_000 || !got.Truncated || got.Results.RowCount != rows || time.Until(got.Results.Expires) < time.Minute {
		t.Errorf("%d rows, truncated %v, %+v", len(got.Data), got.Truncated, got.Results)
	}

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, got.Results.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := d.aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	records, err := csv.NewReader(response.Body).ReadAll()
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	if last := records[len(records)-1]; len(records) != rows+1 || last[1] != "number "+strconv.Itoa(rows) {
		t.Errorf("%d records, the last %q", len(records), last)
	}
}
