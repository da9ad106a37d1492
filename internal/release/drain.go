package release

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// drained reports whether the named endpoints (nil: the whole side) may be
// stopped: nothing is in flight on them, or what is left may be cut. Requests
// get Drain.Wait, streams the front's grace and then a closing spread over
// time, both counted from since; what is left after that is for
// Drain.OnTimeout to decide.
func (d *decider) drained(side Side, only []string, since time.Time) bool {
	requests, streams := d.w.Traffic.Sides.Of(side).inFlight(only)
	if requests == 0 && streams == 0 {
		return true
	}
	waited, front := d.w.Now.Sub(since), d.p.Front
	policy := d.p.Drain.OnTimeout
	switch {
	case d.s.Next && d.s.Phase != Shifting:
		return d.cut(side, only, since)
	case d.s.Next: // it is the hold that is not to be waited for
		policy = DrainForce
	}
	if requests > 0 {
		d.wait("%s in flight%s, waited %s of %s", plural(requests, "request", "requests"), d.where(side, only), Span(waited.Round(time.Second)), Span(d.p.Drain.Wait))
	}
	if streams > 0 {
		d.wait("%s open%s, waited %s of %s", plural(streams, "stream", "streams"), d.where(side, only), Span(waited.Round(time.Second)), Span(front.StreamGrace))
		if waited >= front.StreamGrace {
			d.want(Action{Kind: ActCloseStreams, Side: side, Instances: only})
		}
	}
	tooLong := requests > 0 && waited >= d.p.Drain.Wait
	stubborn := streams > 0 && waited >= front.StreamGrace+front.StreamSpread+d.p.Drain.Wait
	if requests > 0 && !tooLong || streams > 0 && !stubborn && (requests == 0 || policy == DrainForce) {
		return false
	}
	switch policy {
	case DrainWait:
		d.wait("it goes on waiting for as long as it takes; `cutover next` cuts what is left")
		return false
	case DrainForce:
		return d.cut(side, only, since)
	}
	d.haltDrain(requests, streams)
	return false
}

// ends says what ends a drain.
func (d Drain) ends() string {
	switch d.OnTimeout {
	case DrainWait:
		return "nothing in flight, however long it takes"
	case DrainForce:
		return "nothing in flight, or cut after " + Span(d.Wait)
	}
	return "nothing in flight, at most " + Span(d.Wait)
}

// cut puts on record what is left on the endpoints and will be lost with
// them, once for each drain, and then lets them go.
func (d *decider) cut(side Side, only []string, since time.Time) bool {
	if c := d.s.Cut.Of(side); c.Last.After(since) || c.Last.Equal(since) && !since.IsZero() {
		return true
	}
	requests, streams := d.w.Traffic.Sides.Of(side).inFlight(only)
	d.emit(Noticed{What: CutOff, Side: side, Requests: requests, Streams: streams,
		Detail: leftWords(requests, streams) + " in flight were cut" + d.where(side, only)})
	return false
}

func (d *decider) haltDrain(requests, streams int) {
	if d.s.Halt != nil {
		return
	}
	are := " are"
	if requests+streams == 1 {
		are = " is"
	}
	d.emit(Halted{Kind: Paused, Reason: leftWords(requests, streams) + are + " still in flight after " + Span(d.p.Drain.Wait),
		Cure: "`cutover resume` waits again, `cutover next` goes on and loses them"})
}

// leftWords says what is left in flight.
func leftWords(requests, streams int) string {
	switch {
	case streams == 0:
		return plural(requests, "request", "requests")
	case requests == 0:
		return plural(streams, "stream", "streams")
	}
	return plural(requests, "request", "requests") + " and " + plural(streams, "stream", "streams")
}

// where says which endpoints have work.
func (d *decider) where(side Side, only []string) string {
	var parts []string
	for _, l := range d.w.Traffic.Sides.Of(side).Load {
		if concerns(only, l.ID) && l.Requests+l.Streams > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", l.ID, leftWords(l.Requests, l.Streams)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// concerns reports whether id is among only, nil meaning all.
func concerns(only []string, id string) bool { return only == nil || slices.Contains(only, id) }

// inFlight counts requests and streams on the named endpoints, nil meaning all.
func (t SideTraffic) inFlight(only []string) (requests, streams int) {
	if only == nil {
		return t.Requests, t.Streams
	}
	for _, l := range t.Load {
		if concerns(only, l.ID) {
			requests += l.Requests
			streams += l.Streams
		}
	}
	return requests, streams
}

// Cut counts what was cut when instances were stopped although work was left.
type Cut struct {
	Requests int       `json:"requests"`
	Streams  int       `json:"streams"`
	Last     time.Time `json:"last,omitzero"`
}
