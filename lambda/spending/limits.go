// Package spending limits what questions spend on a language model: the tokens of one
// question, and the cost of all questions of a day.
package spending

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"defog-cdk/lambda/generate"
)

// Cost is an amount in billionths of a USD: whole numbers, so that sums are exact.
type Cost int64

// maxUSD is the limit of one amount: sums of a few do not overflow.
const maxUSD = 1e9

// costOf returns an amount of USD up to maxUSD, rounded.
func costOf(usd float64) Cost { return Cost(math.Round(min(usd, maxUSD) * 1e9)) }

// Ledger holds the cost of each day. Many functions share it, so that each method is
// atomic.
type Ledger interface {
	// Add adds a cost to a day, such as 2026-11-28.
	Add(ctx context.Context, day string, cost Cost) error

	// Total returns the cost of a day, with each Add that has returned.
	Total(ctx context.Context, day string) (Cost, error)
}

const (
	// readTime and countTime are the timeouts of the ledger. A reply can arrive when
	// little of the question's time is left.
	readTime  = 2 * time.Second
	countTime = 750 * time.Millisecond

	// repeatAfter is the pause after which a client may repeat a question with too many
	// tokens. Each repetition costs as much.
	repeatAfter = time.Minute
)

// Limits are the limits of a function. Its exported fields must not change after the
// first question.
type Limits struct {
	Tokens int     // of one question's replies and their prompts; 0 for no limit
	PerDay float64 // USD, of all questions of a day in UTC; 0 for no limit
	Prices generate.Prices
	Ledger Ledger // required by PerDay
	Log    *slog.Logger
	Now    func() time.Time // nil for the system's clock

	mu      sync.Mutex
	owed    debt
	unknown sync.Once // logs that replies have no tokens
}

// debt is a cost of a day that the ledger lacks, because it could not be written.
type debt struct {
	day  string
	cost Cost
}

// Question returns a context for one question, in which the limits apply. nil has no
// limits.
func (l *Limits) Question(ctx context.Context) context.Context {
	if l == nil {
		return ctx
	}
	return generate.WithGate(ctx, &question{limits: l})
}

func (l *Limits) now() time.Time {
	if l.Now != nil {
		return l.Now().UTC()
	}
	return time.Now().UTC()
}

func dayOf(now time.Time) string { return now.Format(time.DateOnly) }

// admitDay returns a *Refusal if the day's cost has reached its limit, or is unknown.
func (l *Limits) admitDay(ctx context.Context) error {
	if l.PerDay == 0 {
		return nil
	}
	now := l.now()
	limited, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	total, err := l.Ledger.Total(limited, dayOf(now))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return unknown(err)
	case total+l.owing(dayOf(now)) >= costOf(l.PerDay):
		return daySpent(now)
	}
	return nil
}

func (l *Limits) owing(day string) Cost {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owed.day != day {
		return 0
	}
	return l.owed.cost
}

// count adds the cost of a reply to the day's. The question may have ended, but its
// reply must be paid. What cannot be written is added to the next reply's cost.
func (l *Limits) count(ctx context.Context, reply generate.Usage) {
	if l.PerDay == 0 {
		return
	}
	day, cost := dayOf(l.now()), costOf(l.Prices.Cost(reply))
	l.mu.Lock()
	if l.owed.day == day {
		cost += l.owed.cost
	}
	l.owed = debt{day: day}
	l.mu.Unlock()
	if cost == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countTime)
	defer cancel()
	if err := l.Ledger.Add(ctx, day, cost); err != nil {
		l.mu.Lock()
		if l.owed.day == day {
			l.owed.cost += cost
		}
		l.mu.Unlock()
		l.Log.ErrorContext(ctx, "the model's cost was not counted; the next reply adds it", "day", day, "cost_usd", float64(cost)/1e9, "cause", err)
	}
}

// question is the gate of one question.
type question struct {
	limits *Limits

	mu      sync.Mutex
	used    int // tokens of the replies
	pending int // estimated tokens of the prompts without a reply
}

// Admit implements generate.Gate. The error is a *Refusal or the context's.
func (q *question) Admit(ctx context.Context, prompt int) (ended func(), err error) {
	if err := q.limits.admitDay(ctx); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if most := q.limits.Tokens; most > 0 && q.used+q.pending+prompt > most {
		return nil, tooManyTokens(most)
	}
	q.pending += prompt
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.pending -= prompt
	}, nil
}

// Count implements generate.Gate.
func (q *question) Count(ctx context.Context, reply generate.Usage) {
	q.mu.Lock()
	q.used += reply.Tokens()
	q.mu.Unlock()
	if reply.Tokens() == 0 {
		q.limits.unknown.Do(func() {
			q.limits.Log.WarnContext(ctx, "the model reports no tokens: max_tokens_per_question and max_cost_per_day limit nothing; want a server that reports usage")
		})
	}
	q.limits.count(ctx, reply)
}

// Reason is the reason of a Refusal.
type Reason int

// The reasons.
const (
	TooManyTokens Reason = iota // of one question
	DaySpent                    // the day's cost has reached its limit
	Unknown                     // the day's cost cannot be read
)

// Refusal reports a request to the model that a limit refused.
type Refusal struct {
	Reason  Reason
	Message string        // for the caller
	Until   time.Time     // end of a refusal of DaySpent
	After   time.Duration // pause before a repetition, otherwise
	Cause   error         // for the log
}

func (r *Refusal) Error() string { return r.Message }

// Unwrap returns the cause, which may hold internal details.
func (r *Refusal) Unwrap() error { return r.Cause }

func tooManyTokens(most int) *Refusal {
	return &Refusal{
		Reason: TooManyTokens, After: repeatAfter,
		Message: fmt.Sprintf("The question needs more than %d tokens of the language model, the limit of one question (max_tokens_per_question). "+
			"The limit ends with this question: ask a shorter or a more specific one.", most),
	}
}

func daySpent(now time.Time) *Refusal {
	end := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
	return &Refusal{
		Reason: DaySpent, Until: end,
		Message: fmt.Sprintf("Today's questions have used up the language model's budget (max_cost_per_day). Ask again from %s.", end.Format("2006-01-02 15:04 UTC")),
	}
}

func unknown(cause error) *Refusal {
	return &Refusal{
		Reason: Unknown, Cause: cause,
		Message: "The cost of today's questions cannot be read now, and max_cost_per_day limits it; try again. The function's log has the cause.",
	}
}
