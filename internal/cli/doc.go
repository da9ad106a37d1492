// Package cli is the composition root and the command line: one command a
// file. It is the only package that knows every adapter.
package cli
