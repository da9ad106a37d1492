package nginx

import (
	"strconv"
	"strings"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

// logFormat is a line of the log: side, status, seconds, whether it was
// completed, seconds to each try's head, number of the client. No part of it
// comes from the user.
func logFormat(v string) string {
	return "$" + v + "|$status|$request_time|$request_completion|$upstream_header_time|$" + v + "_a$" + v + "_b"
}

// record is what one line says.
type record struct {
	side   release.Side
	client uint64
	end    ledger.End
	// cut is an answer that broke off: nginx does not say whether the client
	// or the app ended it.
	cut bool
}

// statusGone is what nginx notes of a client that left before the answer.
const statusGone = 499

// parseLine reads a line. It returns false for one that belongs to no side or
// is no line of this form.
func parseLine(app, line string) (record, bool) {
	f := strings.Split(line, "|")
	if len(f) != 6 {
		return record{}, false
	}
	name, ok := strings.CutPrefix(f[0], variable(app)+"_")
	r := record{side: release.Side(name)}
	if !ok || !r.side.Valid() {
		return record{}, false
	}
	status, err := strconv.Atoi(f[1])
	seconds, also := strconv.ParseFloat(f[2], 64)
	if err != nil || also != nil || seconds < 0 {
		return record{}, false
	}
	r.client, _ = strconv.ParseUint(f[5], 10, 64)
	r.end = ledger.End{Status: status, Took: time.Duration(seconds * float64(time.Second))}
	tries := strings.FieldsFunc(f[4], func(c rune) bool { return c == ',' || c == ' ' || c == ':' })
	answered := len(tries) > 0 && tries[len(tries)-1] != "-"
	switch {
	case status == statusGone:
		r.end.Outcome = ledger.ClientGone
	case !answered && status >= 500:
		r.end.Outcome = ledger.Lost
	case f[3] != "OK" && status != 101:
		r.end.Outcome, r.cut = ledger.ClientGone, true
	default:
		r.end.Outcome = ledger.Answered
	}
	return r, true
}
