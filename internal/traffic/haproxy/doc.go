// Package haproxy steers an HAProxy that its user owns, over its runtime
// socket. DESIGN.md says what it relies on.
package haproxy
