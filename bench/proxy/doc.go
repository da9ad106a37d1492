// Package proxy measures how many requests a second the data plane carries on
// one core, with nginx and HAProxy beside it in the same rounds.
//
//	make bench-proxy
//
// Each round runs every proxy for a moment: the proxy alone on the first core,
// the client (wrk, 64 kept connections) and the backend (nginx, 1 KB) on the
// second. What counts is the median over the rounds of each round's ratio to
// nginx: the rates themselves say more of the machine. Nothing is cached and
// nothing logged by any of them.
package proxy
