// Package journal measures what a durable append costs beside the least any
// durable log must pay: one write and one fsync of the same bytes to a plain
// file. Both are taken in turns within one run, so that the ratio between
// them means something on a busy or slow machine, where neither figure would
// alone.
//
//	go test -bench . -benchtime 200x ./bench/journal
package journal
