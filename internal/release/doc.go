// Package release is the core of cutover: what a release is, what may happen
// next, and what must never happen. It is pure: no I/O, no clock, no
// goroutine, no randomness. Time and observations come in as values, actions
// go out as values. See DESIGN.md beside this file.
package release
