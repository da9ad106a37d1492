package analysis

import (
	"testing"
	"time"
)

func TestAClientCountsOnceInAWhile(t *testing.T) {
	o, at := NewOnce(OncePer), time.Unix(1000, 0)
	for i, c := range []struct {
		version, client uint64
		after           time.Duration
		want            bool
	}{
		{0, 7, 0, true},
		{0, 7, time.Second, false},
		{1, 7, time.Second, true},
		{0, 8, time.Second, true},
		{0, 7, 9 * time.Second, false},
		{0, 7, 10 * time.Second, true},
		{0, 7, time.Second, true}, // the clock went back
	} {
		if got := o.First(c.version, c.client, at.Add(c.after)); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

func TestManyClientsAreHardlyMerged(t *testing.T) {
	o, at, counted := NewOnce(OncePer), time.Unix(1000, 0), 0
	for client := range uint64(300) {
		if o.First(1, client, at) {
			counted++
		}
	}
	if counted < 290 {
		t.Errorf("%d of 300 clients counted", counted)
	}
}
