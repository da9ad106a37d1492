// Package switching measures what a switch of all traffic costs the users:
// twenty switches between two sides through the data plane, which runs as a
// process of its own, while a thousand requests a second and some that take
// two seconds are under way.
//
//	go test -run '^$' -bench . -benchtime 1x ./bench/switch
//
// failed and late/20-switches have to be 0: requests that were lost or answered
// with a 5xx, and requests that the old side got although they were sent after
// a switch had returned. ms-to-last is the median time from a switch's command
// to the last request that arrives on the old side, ms-to-return that to the
// command's return: the data plane has the new table on disk by then. skipped
// requests were never sent, for want of a free connection: a machine that has
// some is too busy for the times to mean much.
package switching
