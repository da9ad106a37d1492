// Package signal says what a signal is, beside the requests themselves, by
// which a release is judged: a number read from somewhere, how it is compared,
// and what it means if it cannot be read. It is pure: readings come in with
// their times, findings go out. Nothing that is missing, not a number, too old
// or from a clock that jumped ever speaks for or against a version: it makes
// the release wait, with the reason. DESIGN.md says how.
package signal
