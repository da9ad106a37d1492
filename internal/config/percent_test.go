package config

import (
	"strings"
	"testing"

	"cutover/internal/release"
)

func TestPercentagesKeepTwoDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]release.Weight{
		"5%": 500, "5": 500, "0.5": 50, "0.25%": 25, "100": release.All, "0": release.None, "12.34%": 1234, "99.99": 9999,
	} {
		var p Percent
		if err := p.fromText(text); err != nil || release.Weight(p) != want {
			t.Errorf("%s reads as %d, %v; want %d", text, p, err, want)
		}
	}
	for _, text := range []string{"", "%", "five", "5 %", "-1", "100.01", "0.001", "1e1", "NaN", "Inf", "0x5", "1000", "5%%"} {
		var p Percent
		if err := p.fromText(text); err == nil {
			t.Errorf("%q reads as %s; want an error", text, p)
		}
	}
}

func TestAMarginNeedsItsSign(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"1%": 0.01, "0.5%": 0.005, "0": 0, "0%": 0, "100%": 1} {
		var m Margin
		if err := m.fromText(text); err != nil || float64(m) != want {
			t.Errorf("%s reads as %v, %v; want %v", text, float64(m), err, want)
		}
	}
	for text, want := range map[string]string{"0.01": "write 1% or 0.01%", "1": "write 1%", "0.5": "write 50% or 0.5%", "x": "not a percentage"} {
		var m Margin
		if err := m.fromText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want it to say %q", text, err, want)
		}
	}
}

func TestARatioIsAShareOrAPercentage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"0.3": 0.3, "30%": 0.3, "0": 0, "1": 1} {
		var r Ratio
		if err := r.fromText(text); err != nil || float64(r) != want {
			t.Errorf("%s reads as %v, %v; want %v", text, float64(r), err, want)
		}
	}
	for _, text := range []string{"1.1", "-0.1", "NaN", "30", "101%", "some", ""} {
		var r Ratio
		if err := r.fromText(text); err == nil {
			t.Errorf("%q reads as %v; want an error", text, r)
		}
	}
}
