// Package takeover measures what it costs the users when the data plane is
// replaced: twenty takeovers, one after the other, under two thousand requests a
// second, some that take two seconds, and streams that stay open throughout.
//
//	go test -run '^$' -bench . -benchtime 1x ./bench/takeover
//
// failed and cut-streams have to be 0. ms-to-charge is the median time from the
// start of the new process until it is the one in charge. skipped requests were
// never sent, for want of a free connection: the machine was too busy.
package takeover
