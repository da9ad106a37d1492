// Package ledger counts what happens to every request, side by side: none is
// accepted that does not end up as answered, client gone or lost. It knows
// nothing of HTTP, so that every lane of the proxy keeps the same books.
package ledger
