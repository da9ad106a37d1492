package store

import "testing"

func TestACorruptErrorNamesPlaceRecordReasonAndCure(t *testing.T) {
	t.Parallel()
	err := &CorruptError{Place: "/j.db", Seq: 7, Reason: "it is missing", Cure: "restore it"}
	if got, want := err.Error(), "/j.db: record 7: it is missing; restore it"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (&CorruptError{Reason: "it is gone"}).Error(); got != "it is gone" {
		t.Errorf("got %q", got)
	}
}
