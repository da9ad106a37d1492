// Package conformance holds the proxy against HTTP: raw bytes are sent to it
// and to nginx, each before the same backend, and what client and backend see
// must be the same, or differ for a reason that stands beside the case.
package conformance
