package generate

import (
	"context"

	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/caller"
)

// goldenFirst is an SQL generator that answers the questions of the golden queries from
// them, and others by another generator. That one also replaces a golden query that the
// database rejects.
type goldenFirst struct {
	Generator
	pairs map[string][]knowledge.Pair // by their questions' keys
}

func newGoldenFirst(g Generator, pairs []knowledge.Pair) *goldenFirst {
	first := &goldenFirst{Generator: g, pairs: map[string][]knowledge.Pair{}}
	for _, p := range pairs {
		key := knowledge.Key(p.Question)
		first.pairs[key] = append(first.pairs[key], p)
	}
	return first
}

// Generate implements Generator.
func (g *goldenFirst) Generate(ctx context.Context, question Question) (Query, error) {
	if query, ok, err := g.find(ctx, question); ok || err != nil {
		return query, err
	}
	return g.Generator.Generate(ctx, question)
}

// Stored returns the generator's answer that needs no model, if it has one.
func Stored(ctx context.Context, g Generator, question Question) (query Query, ok bool, err error) {
	if first, isFirst := g.(*goldenFirst); isFirst {
		return first.find(ctx, question)
	}
	return query, false, nil
}

// find returns the golden query with the question, if the caller has exactly one. It has
// none for a question with conditions, definitions or a context, which may change the
// meaning.
func (g *goldenFirst) find(ctx context.Context, question Question) (query Query, ok bool, err error) {
	if question.HoldOut || !question.Options.UseGoldenQueries || question.Options.Glossary != "" ||
		textOf(question.HardFilters) != "" || textOf(question.PreviousContext) != "" && textOf(question.PreviousContext) != "[]" {
		return query, false, nil
	}
	pairs := knowledge.PairsFor(g.pairs[knowledge.Key(question.Text)], caller.From(ctx).Claims.Text)
	if len(pairs) != 1 {
		return query, false, nil
	}
	query = Query{SQL: pairs[0].SQL, Source: FromGolden}
	if query.Reason, err = goldenReason(pairs[0].Question); err != nil {
		return query, false, err
	}
	if query.PreviousContext, err = nextContext(question, query.SQL); err != nil {
		return query, false, noSQL()
	}
	return query, true, nil
}

// RaterOf returns the generator's Rater, or nil: most accept no feedback.
func RaterOf(g Generator) Rater {
	if first, isFirst := g.(*goldenFirst); isFirst {
		g = first.Generator
	}
	rater, _ := g.(Rater)
	return rater
}

func (g *goldenFirst) probe(ctx context.Context) (string, error) {
	if p, ok := g.Generator.(questioner); ok {
		return p.probe(ctx)
	}
	return "", ctx.Err()
}
