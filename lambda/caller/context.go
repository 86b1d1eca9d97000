package caller

import "context"

// key is the key of a context's caller.
type key struct{}

// With returns a context with the caller of the question that it belongs to.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, key{}, c)
}

// From returns the caller of a context. It is an unknown one if there is none, which
// has no claims.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(key{}).(Caller)
	return c
}
