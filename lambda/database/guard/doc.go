// Package guard decides whether a generated statement may be sent, and returns
// the SQL to send.
//
// Generated SQL is untrusted. A read-only transaction stops ordinary writes. The guard
// stops what such a transaction permits: a second statement, a function that reaches a
// file, a server, another session or a lock. It also stops reads of relations with
// credentials or the statements of other users.
//
// # No differential
//
// A guard that reads the text and sends the same text must agree with the
// server's lexer in every detail. This one does not have to: package lex splits
// the text into tokens, the guard examines the tokens, and lex.Render spells the
// tokens anew. String constants lose their escape sequences, names are quoted
// anew, and comments are dropped, so that one spelling has one reading. What has
// no such spelling is refused: MySQL's /*! */, Spark's ${…}, hints.
//
// # Names, not syntax
//
// Where the server has a catalogue of functions, a driver reads it once for each
// connection and gives it to Check. A function is refused wherever its name can
// call it: in a call, or as a field (t.f is f(t) to PostgreSQL). The same holds for an
// operator, a cast or an aggregate that uses it. It is refused if it
//
//   - is on the static list of its dialect,
//   - is a volatile function of the server and not on the list of harmless ones,
//   - belongs to an extension that is not known to only compute, unless it is
//     immutable: a stable label proves nothing,
//   - is the user's and volatile, unless Options.AllowedFunctions names it.
//
// A name that is only a column or a table stays usable.
//
// PostgreSQL also calls functions that no token names: by casts, domains, operators,
// operator classes and default arguments. The catalogue lists those that call a refused
// function, which few databases have. The guard then refuses each statement that can hold
// a value of the type concerned. What the owner put into a view, a policy, a generated
// column or a foreign table runs as written. There, a statement chooses neither the
// function nor its arguments.
//
// MySQL's servers list stored functions only, so that the guard has a list of the
// built-in functions, and refuses every other name that is called.
//
// # Relations by text
//
// Some functions take a relation, a statement or a file as text. They are refused, or
// their argument must be a string constant, which the guard examines like a name or a
// statement.
package guard
