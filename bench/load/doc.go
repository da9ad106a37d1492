// Package load measures how exact cutover's load generator is: the rate that
// was kept beside the one asked, and latencies beside those of a server whose
// delays are known because it measures them itself. If wrk is installed, the
// same server is measured with it too.
//
//	make bench-load
//
// kept% is requests that were sent beside those asked, in per cent; late-p99-ms
// how long after they were due 99 of 100 were sent. err-p50-us and err-p99-us are
// how much longer the client found answers than the server's own clock did, from
// the beginning of its handler to the end: the network, both HTTP stacks and the
// generator.
//
// The stalling server stops for half a second in each five. Of what is due at a
// steady rate 1 of 100 then waits 450 ms or more, by arithmetic: p99-exact-ms.
// p99-open-ms is what cutover finds with a rate, p99-closed-ms with 8 users, who
// wait out the stall and so hardly meet it; p99-wrk-ms is wrk with 8 connections.
package load
