package crashtest

import (
	"testing"
	"time"
)

func TestKillingTheControllerAroundEveryRecordOfAGoodReleaseChangesNothing(t *testing.T) {
	t.Parallel()
	killEverywhere(t, goodRelease)
}

func TestKillingTheControllerAroundEveryRecordOfAnAutomaticRollbackChangesNothing(t *testing.T) {
	t.Parallel()
	killEverywhere(t, badRelease)
}

func TestKillingTheControllerAroundEveryRecordOfAnOperatorsRollbackChangesNothing(t *testing.T) {
	t.Parallel()
	killEverywhere(t, takenBack)
}

// killEverywhere plays a story twice, uninterrupted and with the controller
// killed around every record, and compares how it came out.
func killEverywhere(t *testing.T, what story) {
	calm := uninterrupted(t, what)
	s := newStage(t, what.name+", killed")
	from := s.readJournal().head() + 1
	users := s.crowd(nil)
	var kills []place
	began := time.Now()
	s.play(what, s.everywhere(&journey{stage: s, story: what}, from, &kills))
	took := time.Since(began)
	report := users.lostNothing()
	h := s.readJournal()
	s.proveHistory(h)
	if want := 2 * int(h.head()-from+1); len(kills) != want {
		t.Errorf("%d kills for the records %d to %d, want %d", len(kills), from, h.head(), want)
	}
	same(t, calm, s.ending(what))
	t.Logf("%d kills around the records %d to %d in %.1f s (%.0f ms each); %d requests answered, 0 lost",
		len(kills), from, h.head(), took.Seconds(), 1000*took.Seconds()/float64(len(kills)), report.Requests.Answered)
}

// uninterrupted plays a story with nobody killed: it must come out as told.
func uninterrupted(t *testing.T, what story) ending {
	t.Helper()
	s := newStage(t, what.name+", uninterrupted")
	users := s.crowd(nil)
	s.play(what, s.calmly(&journey{stage: s, story: what}))
	users.lostNothing()
	s.proveHistory(s.readJournal())
	got, want := s.ending(what), what.expected()
	want.Entered = got.Entered
	same(t, want, got)
	return got
}
