package test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"defog-cdk/local"
)

// TestUpgrade deploys the templates of each release to a local AWS, and updates the
// stacks to the present ones with the CDK CLI. Meanwhile a client asks.
//
// Templates are kept, and programs are not. So the release runs the present programs,
// in zips with one more file, for the update to change them.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	templates, err := filepath.Glob("releases/*/*.local.json")
	if err != nil || len(templates) == 0 {
		t.Fatalf("releases: has no template for local AWS: %v", err)
	}
	byRelease := map[string][]string{}
	for _, template := range templates {
		release := filepath.Base(filepath.Dir(template))
		byRelease[release] = append(byRelease[release], template)
	}
	for _, release := range slices.Sorted(maps.Keys(byRelease)) {
		t.Run(release, func(t *testing.T) {
			cloud := &shared[*local.AWS]{start: func() (*local.AWS, error) { return startAWS() }, end: (*local.AWS).Stop}
			t.Cleanup(func() {
				if err := cloud.stop(); err != nil {
					t.Error(err)
				}
			})
			for _, template := range byRelease[release] {
				name := strings.TrimSuffix(filepath.Base(template), ".local.json")
				upgrade, found := upgrades[name]
				if !found {
					t.Fatalf("%s: has no test of its upgrade", template)
				}
				t.Run(name, func(t *testing.T) { upgrade(t, cloud, template) })
			}
		})
	}
}

// upgrades are the tests by the name in releases/settings.
var upgrades = map[string]func(t *testing.T, source *shared[*local.AWS], template string){
	"query": upgradeQuery, "long-questions": upgradeLongQuestions, "custom": upgradeCustom,
}

const (
	upgradeQuestion = "SELECT 6 * 7 AS answer"
	upgradeAnswer   = "42"
)

func upgradeQuery(t *testing.T, source *shared[*local.AWS], template string) {
	d := newDeployment(t, "upgrade-query", source)
	d.generator.Teach(upgradeQuestion, upgradeQuestion)
	d.url = deployTemplate(t, d.aws, d.stack(), template, d.settings()...)["QueryUrl"]
	checkUpgrade(t, d.aws, d.stack(), d.asks, func() { d.deploy(t) })
}

// upgradeLongQuestions also reads an answer from before the update after it.
func upgradeLongQuestions(t *testing.T, source *shared[*local.AWS], template string) {
	d := newDeployment(t, "upgrade-long", source)
	d.generator.Teach(upgradeQuestion, upgradeQuestion)
	settings := []string{"-c", "async_questions=true"}
	d.url = deployTemplate(t, d.aws, d.stack(), template, d.settings(settings...)...)["QueryUrl"]
	l := &longQuestions{&deployedFunction{deployment: d}, root()}
	id := l.ask(t, upgradeQuestion)
	l.until(t, id, "done")
	checkUpgrade(t, d.aws, d.stack(), d.asks, func() { d.deploy(t, settings...) })
	if got := l.until(t, id, "done"); got.RowCount != 1 {
		t.Errorf("the answer from before the update: %+v", got)
	}
}

// asks asks the question that the upgrade must not disturb.
func (d *deployment) asks(ctx context.Context) error {
	return expect(ctx, d.aws, http.MethodPost, d.url, `{"question": "`+upgradeQuestion+`"}`, upgradeAnswer)
}

// upgradeCustom also reads an object from before the update after it.
func upgradeCustom(t *testing.T, source *shared[*local.AWS], template string) {
	c := newCustomDeployment(t, "upgrade-custom", source)
	settings := []string{"function_source_dist_zip=" + c.code, "function_source_dependencies_zip=" + c.packages, "function_triggers=eval,S3,APIGateway"}
	c.outputs = deployTemplate(t, c.aws, c.app+"-dev", template, c.arguments(settings)...)
	before := c.put(t, "before.json", `{"width": 4, "height": 5}`)
	asks := func(ctx context.Context) error {
		return expect(ctx, c.aws, http.MethodGet, c.outputs["EvalUrl"]+"?width=6&height=7", "", upgradeAnswer)
	}
	updated := c.outputs
	checkUpgrade(t, c.aws, c.app+"-dev", asks, func() {
		updated = deploy(t, c.aws, c.app+"-dev", c.arguments(settings)...)
	})
	c.outputs = updated
	if got, err := c.object(t, c.outputs["OutputPrefix"]+"before.json"); err != nil || got != before {
		t.Errorf("the object from before the update is %q, want %q: %v", got, before, err)
	}
	if got := c.put(t, "after.json", `{"width": 4, "height": 5}`); got != before {
		t.Errorf("the object after the update is %q, want %q", got, before)
	}
}

// expect sends a signed request and returns an error if the answer does not
// contain want.
func expect(ctx context.Context, cloud *local.AWS, method, url, body, want string) error {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	cloud.Direct(request)
	if err := signRequest(ctx, root(), request, body); err != nil {
		return err
	}
	response, err := cloud.Client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(answer), want) {
		return fmt.Errorf("status %d: %s", response.StatusCode, answer)
	}
	return nil
}

// asked is a question of the client.
type asked struct {
	start, end time.Time
	err        error
}

// holders are the types of resources that hold data, or whose name clients use.
var holders = []string{
	"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret",
	"AWS::SQS::Queue", "AWS::KMS::Key", "AWS::Lambda::Function", "AWS::ApiGatewayV2::Api",
}

// checkUpgrade asks before, during and after an update, and compares the stack's
// resources. A question may fail while the stack is updated, and no other one.
func checkUpgrade(t *testing.T, cloud *local.AWS, stack string, asks func(context.Context) error, update func()) {
	t.Helper()
	if err := asks(t.Context()); err != nil {
		t.Fatalf("before the update: %v", err)
	}
	before := resourcesOf(t, cloud, stack)
	updated, done := make(chan struct{}), make(chan []asked, 1)
	end := sync.OnceFunc(func() { close(updated) })
	defer end() // if the update ends the test
	go func() { done <- askUntil(t.Context(), updated, asks) }()
	update()
	end()
	questions := <-done

	from, to := updateTime(t, cloud, stack)
	failed, times := 0, [3]int{} // before, during and after
	for _, question := range questions {
		switch {
		case question.end.Before(from):
			times[0]++
		case question.start.After(to):
			times[2]++
		default:
			times[1]++
			if question.err != nil {
				failed++
				t.Logf("during the update: %v", question.err)
			}
			continue
		}
		if question.err != nil {
			t.Errorf("outside of the update: %v", question.err)
		}
	}
	t.Logf("questions before, during and after the update: %v; %d of those during it failed", times, failed)
	if times[0] == 0 || times[2] == 0 { // an update can be shorter than the pause between two questions
		t.Errorf("questions before, during and after the update: %v; want some before and after", times)
	}
	compareResources(t, before, resourcesOf(t, cloud, stack))
}

// askUntil asks until the update is done, and then a few times more.
func askUntil(ctx context.Context, updated <-chan struct{}, asks func(context.Context) error) (questions []asked) {
	const pause, more = 20 * time.Millisecond, 5
	for rest := more; rest > 0; {
		question := asked{start: time.Now()}
		question.err = asks(ctx)
		question.end = time.Now()
		questions = append(questions, question)
		select {
		case <-updated:
			rest--
		default:
		}
		time.Sleep(pause) // leaves the processor to the deployment
	}
	return questions
}

// resourcesOf returns the stack's resources by their logical ids.
func resourcesOf(t *testing.T, cloud *local.AWS, stack string) map[string]types.StackResource {
	t.Helper()
	described, err := cloudformation.NewFromConfig(sdkConfig(cloud, root())).DescribeStackResources(t.Context(),
		&cloudformation.DescribeStackResourcesInput{StackName: &stack})
	if err != nil {
		t.Fatal(err)
	}
	resources := map[string]types.StackResource{}
	for _, resource := range described.StackResources {
		if resource.ResourceStatus != types.ResourceStatusDeleteComplete {
			resources[aws.ToString(resource.LogicalResourceId)] = resource
		}
	}
	if len(resources) == 0 {
		t.Fatalf("%s has no resources", stack)
	}
	return resources
}

// updateTime returns when the last update of the stack began and ended.
func updateTime(t *testing.T, cloud *local.AWS, stack string) (from, to time.Time) {
	t.Helper()
	described, err := cloudformation.NewFromConfig(sdkConfig(cloud, root())).DescribeStackEvents(t.Context(),
		&cloudformation.DescribeStackEventsInput{StackName: &stack})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range described.StackEvents { // the newest first
		if aws.ToString(event.LogicalResourceId) != stack {
			continue
		}
		switch event.ResourceStatus {
		case types.ResourceStatusUpdateComplete:
			to = aws.ToTime(event.Timestamp)
		case types.ResourceStatusUpdateInProgress:
			if from.IsZero() {
				from = aws.ToTime(event.Timestamp)
			}
		}
	}
	if from.IsZero() || to.Before(from) {
		t.Fatalf("the update lasted from %v to %v", from, to)
	}
	return from, to.Add(time.Millisecond) // times are in whole milliseconds
}

// compareResources logs the resources that the update replaced or removed, and reports
// the holders among them.
func compareResources(t *testing.T, before, after map[string]types.StackResource) {
	t.Helper()
	held := 0
	for _, id := range slices.Sorted(maps.Keys(before)) {
		kind := aws.ToString(before[id].ResourceType)
		holds := slices.Contains(holders, kind)
		if holds {
			held++
		}
		now, remains := after[id]
		if remains && aws.ToString(now.PhysicalResourceId) == aws.ToString(before[id].PhysicalResourceId) {
			continue
		}
		what := "removed"
		if remains {
			what = "replaced"
		}
		t.Logf("%s (%s) was %s", id, kind, what)
		if holds {
			t.Errorf("%s (%s) was %s; want it unchanged, because it holds data or clients use its name", id, kind, what)
		}
	}
	if held == 0 {
		t.Errorf("the stack has none of the types %v", holders)
	}
}
