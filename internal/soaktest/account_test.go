package soaktest

import (
	"slices"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/demo/sample"
	"cutover/internal/testkit/fault"
)

// account is what became of the requests.
type account struct {
	load.Report
	// inside were in flight inside a process that a fault struck; away came
	// while there was no data plane; saved are those that nothing excuses: they
	// could have been saved.
	inside, away, saved int
	// crashed were in flight inside an instance of a version that crashes by
	// itself, or found that version without an instance until the data plane
	// was told to send nobody there any more.
	crashed int
	// cutByFault are streams cut by a fault, cutOtherwise the others.
	cutByFault, cutOtherwise uint64
	// twice are GETs that reached an instance a second time, which is allowed.
	twice int
	// logged is how many entries the app's own log has.
	logged int
}

// graceOver is how long after the end of a fault its victim may still be
// killed by cutover: the app's grace, and some for a loaded machine.
const graceOver = 20 * time.Second

// haste is how much later than a kill a request may have been sent that was
// lost with it: the signal takes its way.
const haste = 300 * time.Millisecond

// reckon compares the users' account with the app's own log and the blows.
func (s *stage) reckon(u *users, cuts []cut, blows []blow, done []outcome) account {
	a := account{Report: u.crowd.Snapshot()}
	entries, err := sample.ReadRequestLog(s.requestLog())
	if err != nil {
		s.broke("the app's log: %v", err)
	}
	a.logged = len(entries)
	took := map[string][]string{}
	for _, e := range entries {
		took[e.ID] = append(took[e.ID], e.Instance)
	}
	s.exactlyOnce(u, entries, took, &a)
	for _, o := range u.lost {
		switch why := excuse(o, took[o.ID], blows); why {
		case "":
			if crashing(o, took[o.ID], done) {
				a.crashed++
				continue
			}
			a.saved++
			s.broke("lost and could have been saved: %+v; it was with %v", o, took[o.ID])
		case frontLane:
			a.away++
		default:
			a.inside++
		}
	}
	s.streams(cuts, blows, done, &a)
	if q := a.Requests; q.Sent != q.Answered+q.ClientGone+q.Lost {
		s.broke("I7: %d sent is not %d answered + %d gone + %d lost", q.Sent, q.Answered, q.ClientGone, q.Lost)
	}
	if a.Mismatched != 0 {
		s.broke("%d answers belonged to other requests", a.Mismatched)
	}
	return a
}

// crashing reports whether a request was lost to a version that crashes by
// itself: the sample's log names instances, which are named after their side,
// so the time of the release has to tell which version it was.
func crashing(o load.Outcome, took []string, done []outcome) bool {
	return slices.ContainsFunc(done, func(r outcome) bool {
		if r.sort != crash || o.Done.Before(r.began) || o.Done.After(r.ended) {
			return false
		}
		return len(took) == 0 && o.Reason != load.NoConnection || slices.ContainsFunc(took, func(id string) bool { return r.instances[id] })
	})
}

// exactlyOnce proves that the app has taken each POST at most once, and what
// it answered at least once.
func (s *stage) exactlyOnce(u *users, entries []sample.Entry, took map[string][]string, a *account) {
	for _, e := range entries {
		if n := len(took[e.ID]); n > 1 && e.Method == "POST" {
			s.broke("the POST %s was taken %d times, by %v", e.ID, n, took[e.ID])
		}
	}
	for id, got := range u.answered {
		n := len(took[id])
		if n == 0 && got.status < 500 {
			s.broke("the request %s (%s) was answered %d and is in no log", id, got.kind, got.status)
		}
		if n > 1 {
			a.twice++
		}
	}
}

// excuse names the lane of the blow that a request was lost to, "" for none.
func excuse(o load.Outcome, took []string, blows []blow) string {
	begun := o.Sent
	if begun.IsZero() {
		begun = o.Intended
	}
	for _, b := range blows {
		switch {
		case b.Lane == frontLane && b.kills() && o.Done.After(b.from) && begun.Before(b.until) && o.Reason != load.ByProxy:
			return frontLane
		case b.Lane == instanceLane && inside(o, begun, took, b):
			return instanceLane
		}
	}
	return ""
}

// inside reports whether a request was with the victim when it was struck. One
// that is in no log may have been: an instance logs what it has read.
func inside(o load.Outcome, begun time.Time, took []string, b blow) bool {
	if len(took) > 0 && b.victim != "" && !slices.Contains(took, b.victim) || len(took) == 0 && reads(b) {
		return false
	}
	if o.Reason == load.NoConnection {
		return false
	}
	if b.kills() {
		return begun.Before(b.from.Add(haste)) && o.Done.After(b.from)
	}
	if b.Name == string(fault.FailsUsers) || b.Name == string(fault.FailsProbe) {
		return false
	}
	return begun.Before(b.until) && o.Done.After(b.from) && o.Done.Before(b.until.Add(graceOver))
}

// reads reports whether the victim of a blow goes on reading requests, and so
// logs each that it has been sent, whatever it does with it then.
func reads(b blow) bool {
	return slices.Contains(fault.Moods(), fault.Mood(b.Name))
}

// streams sorts the cut streams by whether a fault cut them.
func (s *stage) streams(cuts []cut, blows []blow, done []outcome, a *account) {
	for _, c := range cuts {
		struck := slices.ContainsFunc(blows, func(b blow) bool {
			late := 2 * time.Second
			if !b.kills() {
				late = graceOver
			}
			return (b.Lane == frontLane && b.kills() || b.Lane == instanceLane) && c.at.After(b.from) && c.after.Before(b.until.Add(late))
		})
		struck = struck || slices.ContainsFunc(done, func(r outcome) bool {
			return r.sort == crash && c.at.After(r.began) && c.after.Before(r.ended)
		})
		if struck {
			a.cutByFault += c.streams
			continue
		}
		a.cutOtherwise += c.streams
		s.broke("%d streams were cut between %s and %s, and no fault did it", c.streams, c.after.Format(time.TimeOnly), c.at.Format(time.TimeOnly))
	}
}
