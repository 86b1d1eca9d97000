package feedback

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"defog-cdk/internal/history"
)

// objects is a stand-in for a bucket.
type objects struct {
	content map[string][]byte
	err     error
}

func (o *objects) Read(_ context.Context, key string) ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	content, ok := o.content[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return content, nil
}

func (o *objects) Write(_ context.Context, key string, content []byte) error {
	o.content[key] = content
	return o.err
}

func (o *objects) put(t *testing.T, record history.Record) {
	t.Helper()
	line, err := history.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	if o.content == nil {
		o.content = map[string][]byte{}
	}
	o.content[record.Key()] = line
}

func TestFindReadsTheLastDays(t *testing.T) {
	for days, want := range map[int]bool{0: true, 1: true, Days: true, Days + 1: false} {
		o := &objects{}
		o.put(t, history.Record{RequestID: "r", Time: time.Now().UTC().AddDate(0, 0, -days), Caller: "jane"})
		_, err := (&Store{o}).Find(t.Context(), "r", "jane")
		if (err == nil) != want || err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("%d days ago: %v", days, err)
		}
	}
}

func TestFindReturnsRecordsOfTheirCallerOnly(t *testing.T) {
	o := &objects{}
	o.put(t, history.Record{RequestID: "janes", Time: time.Now(), Caller: "jane"})
	o.put(t, history.Record{RequestID: "unknowns", Time: time.Now()})
	for id, caller := range map[string]string{"janes": "jane", "unknowns": ""} {
		if record, err := (&Store{o}).Find(t.Context(), id, caller); err != nil || record.RequestID != id {
			t.Errorf("%s: %v, %v", id, record, err)
		}
	}
	for id, caller := range map[string]string{"janes": "joe", "unknowns": "jane", "../janes": "jane", "": ""} {
		if record, err := (&Store{o}).Find(t.Context(), id, caller); !errors.Is(err, ErrNotFound) || record.RequestID != "" {
			t.Errorf("%q of %q: %v, %v; want not found", id, caller, record, err)
		}
	}
	if _, err := (&Store{o}).Find(t.Context(), "janes", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown caller: %v; want not found", err)
	}
}

// lateObjects has a record from the second attempt on.
type lateObjects struct {
	objects
	mu    sync.Mutex
	reads int
}

func (o *lateObjects) Read(ctx context.Context, key string) ([]byte, error) {
	o.mu.Lock()
	o.reads++
	early := o.reads <= Days+1
	o.mu.Unlock()
	if early {
		return nil, fs.ErrNotExist
	}
	return o.objects.Read(ctx, key)
}

func TestFindWaitsForARecordThatIsWrittenNow(t *testing.T) {
	o := &lateObjects{}
	o.put(t, history.Record{RequestID: "r", Time: time.Now(), Caller: "jane"})
	if record, err := (&Store{o}).Find(t.Context(), "r", "jane"); err != nil || record.RequestID != "r" {
		t.Errorf("%v, %v; want the record", record, err)
	}
}

func TestFindReportsOtherErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := (&Store{&objects{err: broken}}).Find(t.Context(), "r", ""); !errors.Is(err, broken) || errors.Is(err, ErrNotFound) {
		t.Errorf("error %v; want the cause", err)
	}
}

func TestStoreReplacesEarlierFeedback(t *testing.T) {
	o := &objects{content: map[string][]byte{}}
	record := history.Record{RequestID: "r", Time: time.Now()}
	for _, verdict := range []history.Verdict{history.Right, history.Wrong} {
		if err := (&Store{o}).Store(t.Context(), history.Feedback{RequestID: "r", Verdict: verdict, Record: record}); err != nil {
			t.Fatal(err)
		}
	}
	if len(o.content) != 1 {
		t.Fatalf("%d objects; want one", len(o.content))
	}
	for _, content := range o.content {
		if ratings, err := history.Decode[history.Feedback](content); err != nil || ratings[0].Verdict != history.Wrong {
			t.Errorf("%v, %v; want the last verdict", ratings, err)
		}
	}
}

// A day of a machine's time zone has 23 or 25 hours in spring and autumn.
func TestDaysAreThoseOfUTC(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{
		time.Date(2026, 10, 26, 1, 30, 0, 0, berlin), time.Date(2026, 3, 30, 1, 30, 0, 0, berlin), time.Date(2027, 1, 1, 0, 30, 0, 0, berlin),
	} {
		days := daysUntil(now)
		for i, day := range days {
			if want := history.Day(now.Add(time.Duration(-24*i) * time.Hour)); day != want {
				t.Errorf("%v: day %d is %s; want %s", now, i, day, want)
			}
		}
		if len(days) != Days+1 {
			t.Errorf("%v: %v", now, days)
		}
	}
}
