package spending

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/lambda/generate"
)

// ledger is a Memory that can fail.
type ledger struct {
	Memory
	mu   sync.Mutex
	fail error
}

func (l *ledger) set(fail error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = fail
}

func (l *ledger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fail
}

func (l *ledger) Add(ctx context.Context, day string, cost Cost) error {
	if err := l.failure(); err != nil {
		return err
	}
	return l.Memory.Add(ctx, day, cost)
}

func (l *ledger) Total(ctx context.Context, day string) (Cost, error) {
	if err := l.failure(); err != nil {
		return 0, err
	}
	return l.Memory.Total(ctx, day)
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, _ = time.Parse(time.RFC3339, text)
}

// reply costs 0.03 USD with the prices of newLimits, and has 10,000 tokens.
var reply = generate.Usage{Replies: 1, Input: 9_000, Output: 1_000}

func newLimits(perDay float64) (*Limits, *ledger, *clock, *bytes.Buffer) {
	store, now, log := &ledger{}, &clock{}, &bytes.Buffer{}
	now.set("2026-11-28T21:30:00Z")
	return &Limits{
		PerDay: perDay, Prices: generate.Prices{Input: 2, Output: 12}, Ledger: store, Log: slog.New(slog.NewTextHandler(log, nil)), Now: now.Now,
	}, store, now, log
}

// ask sends one request to a model that replies.
func ask(ctx context.Context, l *Limits) error {
	q := &question{limits: l}
	ended, err := q.Admit(ctx, 100)
	if err != nil {
		return err
	}
	defer ended()
	q.Count(ctx, reply)
	return nil
}

func refusalOf(t *testing.T, err error) *Refusal {
	t.Helper()
	refused, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	return refused
}

func TestSpentDayRefusesUntilTheNext(t *testing.T) {
	limits, store, now, _ := newLimits(0.06)
	for range 2 {
		if err := ask(t.Context(), limits); err != nil {
			t.Fatal(err)
		}
	}
	refused := refusalOf(t, ask(t.Context(), limits))
	if refused.Reason != DaySpent || !refused.Until.Equal(time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)) || !strings.Contains(refused.Message, "from 2026-11-29 00:00 UTC") {
		t.Errorf("got %+v", refused)
	}
	if total, _ := store.Memory.Total(t.Context(), "2026-11-28"); total != 60_000_000 {
		t.Errorf("the day's cost is %d", total)
	}
	now.set("2026-11-28T23:59:59.999Z")
	if refused := refusalOf(t, ask(t.Context(), limits)); refused.Until.Day() != 29 {
		t.Errorf("until %s", refused.Until)
	}
	now.set("2026-11-29T00:00:00Z")
	if err := ask(t.Context(), limits); err != nil {
		t.Errorf("the next day: %v", err)
	}
	now.set("2026-12-31T23:00:00-05:00") // the next year in UTC
	if err := ask(t.Context(), limits); err != nil {
		t.Error(err)
	}
	if total, _ := store.Memory.Total(t.Context(), "2027-01-01"); total != 30_000_000 {
		t.Errorf("the cost of UTC's day is %d", total)
	}
}

// TestConcurrentQuestionsOvershootByOneReplyEach has many functions share a ledger.
func TestConcurrentQuestionsOvershootByOneReplyEach(t *testing.T) {
	const functions, each, perDay = 16, 4, 3.0
	_, store, now, _ := newLimits(perDay)
	var replies sync.Map
	var group sync.WaitGroup
	for f := range functions {
		limits := &Limits{PerDay: perDay, Prices: generate.Prices{Input: 2, Output: 12}, Ledger: store, Log: slog.New(slog.DiscardHandler), Now: now.Now}
		for n := range each {
			group.Go(func() {
				count := 0
				for ask(t.Context(), limits) == nil {
					count++
				}
				replies.Store([2]int{f, n}, count)
			})
		}
	}
	group.Wait()
	counted := 0
	replies.Range(func(_, count any) bool {
		counted += count.(int)
		return true
	})
	total, err := store.Memory.Total(t.Context(), "2026-11-28")
	if err != nil || total != Cost(counted)*costOf(0.03) {
		t.Errorf("the ledger has %d after %d replies, %v", total, counted, err)
	}
	if limit, most := costOf(perDay), costOf(perDay)+functions*each*costOf(0.03); total < limit || total >= most {
		t.Errorf("the cost is %d; want at least %d and less than %d", total, limit, most)
	}
}

func TestUncountedCostIsAddedWithTheNextReply(t *testing.T) {
	limits, store, now, log := newLimits(0.10)
	q := &question{limits: limits}
	store.set(errors.New("throttled"))
	q.Count(t.Context(), reply)
	q.Count(t.Context(), reply)
	if got := strings.Count(log.String(), "level=ERROR"); got != 2 || !strings.Contains(log.String(), "cost_usd=0.06") {
		t.Errorf("logged %d times: %s", got, log)
	}
	store.set(nil)
	q.Count(t.Context(), reply)
	if total, _ := store.Memory.Total(t.Context(), "2026-11-28"); total != 90_000_000 {
		t.Errorf("the day's cost is %d", total)
	}
	// Before it is added, this function counts it.
	store.set(errors.New("throttled"))
	q.Count(t.Context(), reply)
	store.set(nil)
	if refused := refusalOf(t, ask(t.Context(), limits)); refused.Reason != DaySpent {
		t.Errorf("got %+v", refused)
	}
	now.set("2026-11-29T00:00:00Z")
	if err := ask(t.Context(), limits); err != nil {
		t.Fatal(err)
	}
	if total, _ := store.Memory.Total(t.Context(), "2026-11-29"); total != 30_000_000 {
		t.Errorf("the next day has %d of the last", total)
	}
}

func TestReplyCountsAfterTheEndOfItsQuestion(t *testing.T) {
	limits, store, _, _ := newLimits(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	(&question{limits: limits}).Count(ctx, reply)
	if total, _ := store.Memory.Total(t.Context(), "2026-11-28"); total != 30_000_000 {
		t.Errorf("the day's cost is %d", total)
	}
}

func TestUnreadableCostRefuses(t *testing.T) {
	limits, store, _, _ := newLimits(1)
	store.set(errors.New("throttled"))
	if refused := refusalOf(t, ask(t.Context(), limits)); refused.Reason != Unknown || refused.Cause == nil || strings.Contains(refused.Message, "throttled") {
		t.Errorf("got %+v", refused)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ask(ctx, limits); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTokensLimitOneQuestion(t *testing.T) {
	limits := &Limits{Tokens: 25_000, Log: slog.New(slog.DiscardHandler)}
	q := &question{limits: limits}
	for range 2 { // 10,000 tokens each
		ended, err := q.Admit(t.Context(), 4_000)
		if err != nil {
			t.Fatal(err)
		}
		q.Count(t.Context(), reply)
		ended()
	}
	if _, err := q.Admit(t.Context(), 5_001); refusalOf(t, err).Reason != TooManyTokens || !strings.Contains(err.Error(), "25000 tokens") {
		t.Errorf("got %v", err)
	}
	// Prompts of samples that run at once count before their replies.
	first, err := q.Admit(t.Context(), 3_000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Admit(t.Context(), 3_000); refusalOf(t, err).Reason != TooManyTokens {
		t.Errorf("got %v", err)
	}
	first() // without a reply
	if _, err := q.Admit(t.Context(), 5_000); err != nil {
		t.Errorf("the failed request counts: %v", err)
	}
	if _, err := (&question{limits: limits}).Admit(t.Context(), 25_000); err != nil {
		t.Errorf("another question: %v", err)
	}
	if _, err := (&question{limits: limits}).Admit(t.Context(), 25_001); refusalOf(t, err).After == 0 {
		t.Errorf("got %v", err)
	}
}

func TestNoLimitsPassEverything(t *testing.T) {
	var none *Limits
	if ctx := none.Question(t.Context()); ctx != t.Context() {
		t.Error("the context has a gate")
	}
}

func TestCostIsExact(t *testing.T) {
	for usd, want := range map[float64]Cost{0.3e-6: 300, 0.1 + 0.2: 300_000_000, 20: 20_000_000_000, 0: 0} {
		if got := costOf(usd); got != want {
			t.Errorf("%v USD: got %d, want %d", usd, got, want)
		}
	}
}

func TestModelWithoutTokensIsLoggedOnce(t *testing.T) {
	limits, _, _, log := newLimits(1)
	for range 3 {
		(&question{limits: limits}).Count(t.Context(), generate.Usage{Replies: 1})
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("logged %d times: %s", n, log)
	}
}

func TestHugeAmountsDoNotOverflow(t *testing.T) {
	l, _, _, _ := newLimits(1e300)
	if err := ask(t.Context(), l); err != nil {
		t.Errorf("a huge limit refuses the first question: %v", err)
	}
	l, _, _, _ = newLimits(1)
	l.Prices.Input, l.Prices.Output = math.MaxFloat64, math.MaxFloat64
	if err := ask(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if refusalOf(t, ask(t.Context(), l)).Reason != DaySpent {
		t.Error("a huge cost is not counted")
	}
}
