package config

import (
	"strings"
	"testing"
	"time"
)

func TestDurationsReadAndWriteTheSame(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "24h": 24 * time.Hour,
		"7d": 7 * 24 * time.Hour, "250ms": 250 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "0s": 0,
		"3650d": 3650 * 24 * time.Hour, "1m30s": 90 * time.Second,
	} {
		var d Duration
		if err := d.fromText(text); err != nil || time.Duration(d) != want {
			t.Errorf("%s reads as %v, %v; want %v", text, time.Duration(d), err, want)
		}
		if d.String() != text {
			t.Errorf("%s is written as %s", text, d)
		}
	}
	var d Duration
	if err := d.fromText("1d12h"); err != nil || d.String() != "36h" {
		t.Errorf("1d12h reads as %s, %v; want 36h", d, err)
	}
	if err := d.fromText("0"); err != nil || d != 0 {
		t.Errorf("0 needs no unit, yet: %v", err)
	}
}

func TestADurationWithoutAUnitIsAnsweredWithOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10": "write 10s, 10m, 10h or 10d", "1.5": "1.5 has no unit", "10 minutes": `did you mean "10m"?`,
		"2 Hours": `did you mean "2h"?`, "5sec": `did you mean "5s"?`, "100 millis": `did you mean "100ms"?`,
		"3 weeks": "30s, 10m, 1h30m or 7d", "1 month": "30s, 10m, 1h30m or 7d", "": "not a duration", "d": "not a duration",
		"-1s": "not a duration", "1h 30m": "not a duration", "3651d": "too long", "99999999999999999999h": "not a duration",
		"99999999999999999999d": "too long", "90000h": "too long", "1e3s": "not a duration", "∞": "not a duration",
	} {
		var d Duration
		if err := d.fromText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want it to say %q", text, err, want)
		}
	}
}
