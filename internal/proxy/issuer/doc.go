// Package issuer gets certificates from an authority by ACME (RFC 8555), keeps
// them on disk and renews them in time. Nobody who connects ever waits for it:
// what is not there yet is not there.
package issuer
