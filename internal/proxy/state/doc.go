// Package state keeps the proxy's table on disk so that no crash, at any
// byte of a write, loses what is served.
package state
