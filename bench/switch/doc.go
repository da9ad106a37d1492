// Package switching measures what switches of all traffic cost the users: two
// sides and the data plane, each a process of its own, while two thousand
// requests a second of every kind are under way: GET, POST, uploads with and
// without a length, requests that take two seconds, event streams and
// WebSockets, all over kept connections.
//
//	make bench-switch SWITCHES=1000 KILLS=50
//
// Three numbers have to be 0. failed: requests that were lost, answered with a
// 5xx or by a side that had never seen them, and streams that were cut. twice:
// requests that are in the sides' own logs more than once. late: requests that
// are in the log of the old side although they were sent after a switch away
// from it had returned.
//
// ms-to-last is the median time from a switch's command to the last request
// that arrives on the old side by that side's own log, ms-to-return that to
// the command's return: the data plane has the new table on disk by then.
// skipped requests were never sent, for want of a free connection: a machine
// that has some is too busy for the times to mean much.
//
// After the first KILLS switches the old side is killed (SIGKILL) in the very
// moment in which the data plane reports it free: its streams closed on order,
// and no request in flight.
//
// BenchmarkSwitchNginx and BenchmarkSwitchHAProxy do the same with these in
// front, without streams and uploads. Behind nginx failed has the requests that
// were sent on an idle connection in the moment in which a reload closed it.
//
// BenchmarkSwitchH2 does it with users who speak HTTP/2 over TLS, many requests
// on each of a few connections; the others speak HTTP/1.1.
package switching
