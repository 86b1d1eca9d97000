// Package golden suggests golden queries from the feedback of callers, and adds them to
// golden.json.
package golden

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"defog-cdk/internal/history"
	"defog-cdk/internal/knowledge"
)

// asked is a question with the judgements of all its answers.
type asked struct {
	question  string         // as most callers wrote it, or the longest of these
	forms     map[string]int // how often it was written so
	proposals []proposal
	refused   []proposal // SQL that callers judged wrong
	golden    bool       // a golden query was judged wrong
}

// proposal is one statement with the callers who judged it. Callers without a name count
// one by one.
type proposal struct {
	key, sql            string
	approved, corrected int // callers
	last                time.Time
	sameRows            []proposal // other statements with the same rows
}

func (p proposal) votes() int { return p.approved + p.corrected }

// judgement is the opinion of one caller on one statement.
type judgement struct {
	key, sql string // of the statement
	caller   string
	kind     string
	at       time.Time
}

// The kinds of judgements.
const (
	approved  = "approved"
	corrected = "corrected"
	refused   = "refused"
)

// The reasons why feedback is skipped.
const (
	noQuestion     = "without a question"
	unknownVerdict = "with another verdict than right and wrong"
	followUp       = "of follow-up questions"
	withFilters    = "with hard filters"
	withGlossary   = "with a glossary of the caller"
	failed         = "right, of answers that failed"
)

// collect groups feedback by question. key identifies a statement. skipped counts by
// reason the feedback whose SQL can depend on more than the question.
func collect(ratings []history.Feedback, key func(sql string) string) (questions []asked, skipped map[string]int) {
	skipped = map[string]int{}
	judged := map[string][]judgement{}
	byKey := map[string]*asked{}
	for _, rating := range ratings {
		record := rating.Record
		if reason := reasonToSkip(rating); reason != "" {
			skipped[reason]++
			continue
		}
		id := knowledge.Key(record.Question)
		one := byKey[id]
		if one == nil {
			one = &asked{forms: map[string]int{}}
			byKey[id] = one
		}
		one.forms[strings.Join(strings.Fields(record.Question), " ")]++
		add := func(kind, sql string) {
			if sql = trim(sql); sql != "" {
				judged[id] = append(judged[id], judgement{key(sql), sql, record.Caller, kind, rating.Time})
			}
		}
		if rating.Verdict == history.Right {
			add(approved, record.SQL)
			continue
		}
		one.golden = one.golden || strings.HasPrefix(record.Source, "golden")
		add(refused, record.SQL)
		if key(trim(rating.SQL)) != key(trim(record.SQL)) {
			add(corrected, rating.SQL)
		}
	}
	for id, one := range byKey {
		one.question = slices.SortedFunc(maps.Keys(one.forms), func(a, b string) int {
			return cmp.Or(one.forms[b]-one.forms[a], len(b)-len(a), strings.Compare(a, b))
		})[0]
		one.count(judged[id])
		questions = append(questions, *one)
	}
	slices.SortFunc(questions, func(a, b asked) int {
		return strings.Compare(knowledge.Key(a.question), knowledge.Key(b.question))
	})
	return questions, skipped
}

func reasonToSkip(rating history.Feedback) string {
	record := rating.Record
	switch {
	case strings.TrimSpace(record.Question) == "":
		return noQuestion
	case rating.Verdict != history.Right && rating.Verdict != history.Wrong:
		return unknownVerdict
	case record.IsFollowUp:
		return followUp
	case record.HasFilters:
		return withFilters
	case record.HasGlossary:
		return withGlossary
	case rating.Verdict == history.Right && (record.Outcome != "ok" || trim(record.SQL) == ""):
		return failed
	}
	return ""
}

// count adds the judgements, the last one of each caller for each statement.
func (a *asked) count(judgements []judgement) {
	slices.SortStableFunc(judgements, func(x, y judgement) int { return x.at.Compare(y.at) })
	for i, j := range judgements {
		if j.caller != "" && slices.ContainsFunc(judgements[i+1:], func(later judgement) bool { return later.caller == j.caller && later.key == j.key }) {
			continue
		}
		list := &a.proposals
		if j.kind == refused {
			list = &a.refused
		}
		at := slices.IndexFunc(*list, func(p proposal) bool { return p.key == j.key && sameText(p.sql, j.sql) })
		if at < 0 {
			*list = append(*list, proposal{key: j.key, sql: j.sql})
			at = len(*list) - 1
		}
		p := &(*list)[at]
		if j.kind == corrected {
			p.corrected++
		} else {
			p.approved++ // of a refused one: the callers
		}
		p.last = j.at
	}
	slices.SortStableFunc(a.proposals, prefer)
}

// refusals returns how many callers judged a statement wrong.
func (a *asked) refusals(key string) (n int) {
	for _, r := range a.refused {
		if r.key == key {
			n += r.approved
		}
	}
	return n
}

// sameText reports whether two statements are the same but for white space. That in a
// literal differs by the key.
func sameText(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// prefer orders statements with the same rows: by votes, corrections, length and text.
func prefer(a, b proposal) int {
	return cmp.Or(b.votes()-a.votes(), b.corrected-a.corrected, len(a.sql)-len(b.sql), strings.Compare(a.sql, b.sql))
}

// trim removes the white space and semicolons around a statement.
func trim(sql string) string { return strings.Trim(sql, "; \t\r\n") }
