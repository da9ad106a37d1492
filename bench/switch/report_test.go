package switching

import (
	"slices"
	"time"

	"cutover/internal/demo/load"
)

// report compares what the people saw with what the sides' own logs say,
// prints what must be 0, and fails if it is not. It notes in turns when the
// last request reached the old side.
func (s *street) report(r load.Report, uploads int64, turns []turn) {
	s.b.Helper()
	var logged []arrival
	for _, a := range s.sides {
		logged = append(logged, a.arrivals()...)
	}
	times, twice := map[string]int{}, 0
	for _, a := range logged {
		if times[a.id]++; times[a.id] == 2 {
			twice++
		}
	}
	unseen := 0
	for _, o := range s.all {
		if o.Fate == load.Answered && times[o.ID] == 0 {
			unseen++
		}
	}
	failed := r.Requests.Lost + r.Requests.ClientGone + r.Status[5] + r.Mismatched + r.Streams.Cut + uint64(uploads) + uint64(unseen)
	late := s.late(logged, turns)
	s.b.ReportMetric(float64(failed), "failed")
	s.b.ReportMetric(float64(twice), "twice")
	s.b.ReportMetric(float64(len(late)), "late")
	s.b.ReportMetric(float64(r.Skipped), "skipped")
	s.b.ReportMetric(float64(len(s.all))/turns[len(turns)-1].next.Sub(turns[0].command).Seconds(), "req/s")
	s.b.ReportMetric(float64(r.Streams.Opened), "streams")
	if failed > 0 && !s.reloads {
		s.b.Errorf("%d failed: lost %v, by status %v, %d mixed up, %d uploads, %d answered by nobody; streams %+v",
			failed, r.LostBy, r.Status, r.Mismatched, uploads, unseen, r.Streams)
	}
	if twice > 0 {
		s.b.Errorf("%d requests arrived more than once", twice)
	}
	if len(late) > 0 {
		s.b.Errorf("%d requests reached the old side after the switch had returned: %+v", len(late), late[0])
	}
}

// late returns the arrivals of requests that were sent after a switch had
// returned, on the side it led away from, before the next switch.
func (s *street) late(logged []arrival, turns []turn) []arrival {
	sent := map[string]time.Time{}
	for _, o := range s.all {
		sent[o.ID] = o.Sent
	}
	for i := range turns {
		turns[i].last = turns[i].command
	}
	var late []arrival
	for _, a := range logged {
		i := during(turns, a.at)
		if i < 0 || turns[i].from != a.side {
			continue
		}
		if t := &turns[i]; a.at.After(t.last) {
			t.last = a.at
		}
		if when, known := sent[a.id]; known && when.After(turns[i].returned) {
			late = append(late, a)
		}
	}
	return late
}

// during returns the turn that a moment belongs to, -1 for none.
func during(turns []turn, at time.Time) int {
	i, found := slices.BinarySearchFunc(turns, at, func(t turn, at time.Time) int { return t.command.Compare(at) })
	if !found {
		i--
	}
	if i < 0 || at.After(turns[i].next) {
		return -1
	}
	return i
}
