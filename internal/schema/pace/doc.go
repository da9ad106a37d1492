// Package pace decides how fast a backfill may go: how many pages its next
// batch covers, how long it rests before that, and when it must not work at
// all. It is pure. What it knows comes in as a Reading, the time included, so
// the same readings always lead to the same decisions.
//
// Two lines are drawn, as operators of large databases are used to: beyond
// Slow the fill works ever less, beyond Stop it works not at all until the
// load is below Slow again, and says what it waits for. It never gives up by
// itself: that is for whoever started it.
package pace
