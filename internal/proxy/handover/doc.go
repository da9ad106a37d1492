// Package handover carries words and open files between two proxies on one
// machine, over a Unix socket that only the same user may speak on.
package handover
