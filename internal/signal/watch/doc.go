// Package watch reads the signals of releases in the background, at their own
// pace, and says at any moment what they mean. Asking it never waits for a
// source.
package watch
