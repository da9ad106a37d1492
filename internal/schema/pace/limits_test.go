package pace_test

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/schema/pace"
)

func TestEveryWordHasLimitsThatMakeSenseAndSlowerOnesCostLess(t *testing.T) {
	last := pace.Limits{Share: 2, Batch: time.Hour}
	for _, word := range []string{"full", "shared", "gentle"} {
		l, err := pace.Named(word)
		if err != nil || l.Validate() != nil {
			t.Fatalf("%s: %v, %v", word, err, l.Validate())
		}
		if l.Share >= last.Share || l.Batch >= last.Batch {
			t.Errorf("%s is not slower than the one before: %+v", word, l)
		}
		last = l
	}
	shared, err := pace.Named("")
	if named, _ := pace.Named("shared"); err != nil || shared != named {
		t.Errorf("no word stands for %+v, %v", shared, err)
	}
	if _, err := pace.Named("fast"); err == nil || !strings.Contains(err.Error(), "full, shared, gentle") {
		t.Errorf("an unknown word: %v", err)
	}
}

func TestLimitsThatMakeNoSenseAreRefused(t *testing.T) {
	for want, l := range map[string]pace.Limits{
		"part of the time":       {Share: 1.2},
		"must not be negative":   {WAL: -1},
		"above 1":                {Slow: pace.Load{Latency: 0.5}},
		"slow lies beyond stop":  {Slow: pace.Load{Lag: 2 * time.Second}, Stop: pace.Load{Lag: time.Second}},
		"lag and behind must":    {Stop: pace.Load{Behind: -1}},
		"batch and wal must not": {Batch: -1},
	} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", l, err, want)
		}
	}
}
