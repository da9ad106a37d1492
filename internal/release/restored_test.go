package release

import (
	"strings"
	"testing"
)

func TestAfterARestoredJournalOnlyResumeIsPermittedAndItEndsThat(t *testing.T) {
	t.Parallel()
	done := State{App: "shop", Release: "shop-v1", Phase: Done}
	s := Standing{App: "shop", Plan: Plan{Release: "shop-v1"}}
	s = FoldStanding(s, Entry{Event: Restored{Kept: 7, Lost: 12, Reason: "the journal was restored"}}, State{})
	for _, verb := range []Verb{VerbPause, VerbNext, VerbPromote, VerbAbort, VerbRollback, VerbRetire} {
		if err := s.Permits(verb, done); err == nil || !strings.Contains(err.Error(), "records 8 to 12 are missing") || !strings.Contains(err.Error(), "cutover resume") {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if err := s.Permits(VerbResume, done); err != nil {
		t.Errorf("resume: %v", err)
	}
	if err := s.Refuses(Plan{App: "shop", To: Target{Version: "v2"}}, State{}); err == nil || !strings.Contains(err.Error(), "cutover resume") {
		t.Errorf("a new release: %v", err)
	}
	if got := s.Shown(done); got.Halt == nil || got.Halt.Kind != NeedsHuman || done.Halt != nil {
		t.Errorf("shown as %+v", got.Halt)
	}
	if got := s.Shown(State{Release: "older"}); got.Halt != nil {
		t.Errorf("an older release is shown as %+v", got.Halt)
	}
	// A request to a release is not the one to the app.
	if after := FoldStanding(s, Entry{Event: Requested{Verb: VerbResume}}, done); after.Restored == nil {
		t.Error("the resumption of a release resumed the app")
	}
	after := FoldStanding(s, Entry{Event: Requested{Verb: VerbResume}}, State{})
	if after.Restored != nil || after.Permits(VerbResume, done) == nil {
		t.Errorf("after resume: %+v", after)
	}
}
