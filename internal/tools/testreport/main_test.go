package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const recorded = `{"Action":"start","Package":"defog-cdk/shop"}
{"Action":"run","Package":"defog-cdk/shop","Test":"TestSells"}
{"Action":"run","Package":"defog-cdk/shop","Test":"TestSells/slowly"}
{"Action":"output","Package":"defog-cdk/shop","Test":"TestSells/slowly","Output":"=== RUN   TestSells/slowly\n"}
{"Action":"pass","Package":"defog-cdk/shop","Test":"TestSells/slowly","Elapsed":1.5}
{"Action":"run","Package":"defog-cdk/shop","Test":"TestSells/at_once"}
{"Action":"pass","Package":"defog-cdk/shop","Test":"TestSells/at_once","Elapsed":0.2}
{"Action":"pass","Package":"defog-cdk/shop","Test":"TestSells","Elapsed":1.7}
{"Action":"output","Package":"defog-cdk/shop","Test":"TestRuns","Output":"=== RUN   TestRuns\n"}
{"Action":"output","Package":"defog-cdk/shop","Test":"TestRuns","Output":"    shop_test.go:7: needs DEFOG_TEST_SHOP:\n        a connection file\n"}
{"Action":"skip","Package":"defog-cdk/shop","Test":"TestRuns","Elapsed":0}
{"Action":"output","Package":"defog-cdk/shop","Output":"PASS\n"}
{"Action":"pass","Package":"defog-cdk/shop","Elapsed":1.8}
{"Action":"output","Package":"defog-cdk/till","Output":"?   \tdefog-cdk/till\t[no test files]\n"}
{"Action":"skip","Package":"defog-cdk/till","Elapsed":0}
{"Action":"output","Package":"defog-cdk/desk","Output":"ok  \tdefog-cdk/desk\t(cached)\n"}
{"Action":"pass","Package":"defog-cdk/desk","Elapsed":0.1}
{"Action":"output","Package":"defog-cdk/bill","Test":"TestAdds","Output":"    bill_test.go:9: got 2; want 3\n"}
{"Action":"output","Package":"defog-cdk/bill","Test":"TestAdds","Output":"--- FAIL: TestAdds (0.10s)\n"}
{"Action":"fail","Package":"defog-cdk/bill","Test":"TestAdds","Elapsed":0.1}
{"Action":"output","Package":"defog-cdk/bill","Output":"FAIL\tdefog-cdk/bill\t0.2s\n"}
{"Action":"fail","Package":"defog-cdk/bill","Elapsed":0.2}
{"ImportPath":"defog-cdk/door","Action":"build-output","Output":"door.go:3: undefined: x\n"}
{"Action":"output","Package":"defog-cdk/door","Output":"FAIL\tdefog-cdk/door [build failed]\n"}
{"Action":"fail","Package":"defog-cdk/door","Elapsed":0,"FailedBuild":"defog-cdk/door"}
a line that is not JSON
`

func TestReportShowsPackagesSlowStepsFailuresAndSkips(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	r.follow(lines(strings.NewReader(recorded)), nil)
	r.summary()
	const want = `     shop TestSells/slowly (1.5s)
     shop TestSells (1.7s)
ok  	defog-cdk/shop	1.800s
ok  	defog-cdk/desk	(cached)
     FAIL bill TestAdds (0.1s)
    bill_test.go:9: got 2; want 3
FAIL	defog-cdk/bill	0.200s
door.go:3: undefined: x
FAIL	defog-cdk/door	0.000s
a line that is not JSON

Skipped:
     shop TestRuns: needs DEFOG_TEST_SHOP: a connection file

3 passed, 1 failed, 1 skipped
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error("-want +got:\n" + diff)
	}
}

func TestReportShowsWhatRunsWhenNothingFinishes(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	for line := range strings.Lines(recorded) {
		r.line(line)
		if strings.Contains(line, `"run"`) && strings.Contains(line, "slowly") {
			break
		}
	}
	r.still(time.Now().Add(40 * time.Second))
	if want := "     … shop TestSells/slowly (running for 40s)\n"; out.String() != want {
		t.Errorf("got %q; want %q", out.String(), want)
	}
}
