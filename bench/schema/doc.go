// Package filling measures what a new column costs a table and its users: a
// million rows with a primary key and a secondary index, filled by each of
//
//	single   one UPDATE of the whole table: the floor, for those who may stop
//	touch    batches of a thousand keys that are touched, so that a trigger
//	         fills them: the way of pgroll, re-enacted, not pgroll itself
//	pgroll   `pgroll start`, if it can be installed
//	full     cutover without limits
//	shared   cutover at its usual pace
//
// first alone, then beside eight clients that together send five hundred
// requests a second whether they are answered or not, each a read and an update
// by key. Latency counts from when a request should have been sent.
//
//	go test -run '^$' -bench . -benchtime 1x -timeout 60m ./bench/schema
//	    -rows 100000 -rounds 1     for a first look
//
// The variants take turns within each round, all on a copy of one database, on
// a PostgreSQL of their own. The table at the end has medians; the ratios below
// it stand beside what they should be. cutover's times include expanding,
// draining, validating NOT NULL and verifying every row; the time of the fill
// alone stands beside them.
package filling
