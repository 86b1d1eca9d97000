package stacktest

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// CheckNag reports the findings of cdk-nag's AwsSolutions in stacks as test errors.
func CheckNag(t *testing.T, scopes ...awscdk.Stack) {
	t.Helper()
	for _, finding := range Findings(t, scopes...) {
		t.Error(finding)
	}
}

// Findings returns the findings of cdk-nag's AwsSolutions that no suppression accepts.
func Findings(t *testing.T, scopes ...awscdk.Stack) (findings []string) {
	t.Helper()
	for _, stack := range scopes {
		awscdk.Aspects_Of(stack).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	}
	nag := assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-.*"))
	for _, stack := range scopes {
		findings = append(findings, annotations(t, stack, nag)...)
	}
	return findings
}

// annotations returns the warnings and errors that match. An error makes the
// synthesis itself fail; the findings then are in the CDK's report.
func annotations(t *testing.T, stack awscdk.Stack, match assertions.Matcher) (findings []string) {
	t.Helper()
	defer func() {
		if thrown := recover(); thrown != nil {
			findings = append(findings, reported(t, fmt.Sprint(thrown))...)
		}
	}()
	reader := assertions.Annotations_FromStack(stack)
	for _, message := range append(*reader.FindWarning(jsii.String("*"), match), *reader.FindError(jsii.String("*"), match)...) {
		findings = append(findings, *message.Id+": "+message.Entry.Data.(string))
	}
	return findings
}

// reported returns cdk-nag's findings in the report that the CDK's error names, or
// the error itself.
func reported(t *testing.T, thrown string) (findings []string) {
	t.Helper()
	path := regexp.MustCompile(`\S+/validation-report\.json`).FindString(thrown)
	data, err := os.ReadFile(path)
	if err != nil {
		return []string{thrown}
	}
	for _, finding := range regexp.MustCompile(`AwsSolutions-[A-Z0-9]+\[[^]]*\]`).FindAllString(string(data), -1) {
		if !slices.Contains(findings, finding) {
			findings = append(findings, finding)
		}
	}
	if len(findings) == 0 {
		return []string{thrown}
	}
	return findings
}

// PackFinding is a finding of a cdk-nag pack that no suppression accepts.
type PackFinding struct {
	Pack string // "NIST.800.53.R5"
	Rule string // "LambdaInsideVPC"
	Path string // of the construct
}

// packs are the packs of PackFindings. Each adds its report to the assembly.
var packs = []func(*cdknag.NagPackProps) awscdk.IAspect{
	func(props *cdknag.NagPackProps) awscdk.IAspect { return cdknag.NewAwsSolutionsChecks(props) },
	func(props *cdknag.NagPackProps) awscdk.IAspect { return cdknag.NewNIST80053R5Checks(props) },
	func(props *cdknag.NagPackProps) awscdk.IAspect { return cdknag.NewPCIDSS321Checks(props) },
}

// PackFindings synthesizes an app with cdk-nag's packs AwsSolutions, NIST 800-53 R5
// and PCI DSS 3.2.1, and returns their findings.
func PackFindings(t *testing.T, app awscdk.App) (findings []PackFinding) {
	t.Helper()
	for _, pack := range packs {
		awscdk.Aspects_Of(app).Add(pack(&cdknag.NagPackProps{}), nil)
	}
	failure := synthesize(app)
	reports, err := filepath.Glob(filepath.Join(*app.Outdir(), "*-NagReport.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) < len(packs) {
		t.Fatalf("%d reports of cdk-nag; want one of each pack: %v", len(reports), failure)
	}
	for _, report := range reports {
		findings = append(findings, readReport(t, report)...)
	}
	if failure != nil && len(findings) == 0 {
		t.Fatal(failure)
	}
	return findings
}

// synthesize writes the assembly. The CDK's error about findings comes after the
// reports of cdk-nag.
func synthesize(app awscdk.App) (thrown any) {
	defer func() { thrown = recover() }()
	app.Synth(nil)
	return nil
}

// readReport returns the findings in a report, with the rules that failed to
// evaluate a resource.
func readReport(t *testing.T, path string) (findings []PackFinding) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if want := []string{"Rule ID", "Resource ID", "Compliance"}; len(rows) < 2 || !slices.Equal(rows[0][:len(want)], want) {
		t.Fatalf("%s: %d rows; want a header and results", path, len(rows))
	}
	for _, row := range rows[1:] {
		switch row[2] {
		case "Compliant", "Suppressed":
		case "Non-Compliant", "UNKNOWN":
			pack, rule, _ := strings.Cut(row[0], "-")
			findings = append(findings, PackFinding{pack, rule, row[1]})
		default:
			t.Fatalf("%s: compliance %q", path, row[2])
		}
	}
	return findings
}
