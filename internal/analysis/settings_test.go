package analysis

import (
	"math"
	"strings"
	"testing"
)

func TestTheDefaultsAreSound(t *testing.T) {
	if err := Defaults().Check(); err != nil {
		t.Error(err)
	}
}

func TestSettingsThatCannotWorkAreRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		words string
		spoil func(c *Settings)
	}{
		{"rollback is 0", func(c *Settings) { c.Rollback = 0 }},
		{"promote is NaN", func(c *Settings) { c.Promote = math.NaN() }},
		{"stopping must not need more", func(c *Settings) { c.Hold = 1e-9 }},
		{"budget is +Inf", func(c *Settings) { c.Budget = math.Inf(1) }},
		{"mostMargin is 1", func(c *Settings) { c.MostMargin = 1 }},
		{"gap is 0s", func(c *Settings) { c.Gap = 0 }},
		{"there are no signals", func(c *Settings) { c.Signals = nil }},
		{"two signals are called \"errors\"", func(c *Settings) { c.Signals[1].Name = "errors" }},
		{"no signal promotes", func(c *Settings) { c.Signals[0].Promotes = false }},
		{"signal \"errors\": kind is \"x\"", func(c *Settings) { c.Signals[0].Kind = "x" }},
		{"weight is 0", func(c *Settings) { c.Signals[0].Weight = 0 }},
		{"ratio is 0.5", func(c *Settings) { c.Signals[0].Ratio = 0.5 }},
		{"unit is \"\"", func(c *Settings) { c.Signals[0].Unit = "" }},
		{"needs the length of a block", func(c *Settings) { c.Signals[0].Unit, c.Signals[0].Block = ByBlock, 0 }},
		{"limit is 2", func(c *Settings) { c.Signals[0].Limit = 2 }},
		{"bucket is -1ns", func(c *Settings) { c.Signals[0].Bucket = -1 }},
		{"latencies have no limit", func(c *Settings) { c.Signals[1].Promotes = true }},
	} {
		s := Defaults()
		c.spoil(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("want %q, got %v", c.words, err)
		}
	}
}
