package analysis

import (
	"strings"
	"testing"
)

func TestErrorShareNeverDecidesOnTooFewRequests(t *testing.T) {
	rule := ErrorShare{MinRequests: 50, Margin: 0.01}
	for n := range uint64(50) {
		if f, why := rule.Compare(Tally{}, Tally{Requests: n, Errors: n}); f != NotEnough {
			t.Fatalf("%d failed requests of %d gave %v (%s)", n, n, f, why)
		}
	}
}

func TestErrorShareComparesWithTheOldVersionInTheSameWindow(t *testing.T) {
	rule := ErrorShare{MinRequests: 50, Margin: 0.01}
	for _, c := range []struct {
		name       string
		old, fresh Tally
		want       Finding
	}{
		{"no errors anywhere", Tally{900, 0}, Tally{100, 0}, Healthy},
		{"five percent against none", Tally{900, 0}, Tally{100, 5}, Failing},
		{"both equally bad", Tally{900, 90}, Tally{100, 10}, Healthy},
		{"clearly worse than a bad one", Tally{900, 90}, Tally{100, 20}, Failing},
		{"two unlucky requests", Tally{900, 0}, Tally{50, 2}, Healthy},
		{"within the margin", Tally{1000, 0}, Tally{1000, 10}, Healthy},
		{"just above the margin", Tally{1000, 0}, Tally{1000, 11}, Failing},
		{"nothing to compare with", Tally{}, Tally{100, 50}, Failing},
	} {
		if got, why := rule.Compare(c.old, c.fresh); got != c.want {
			t.Errorf("%s: finding %v, want %v (%s)", c.name, got, c.want, why)
		}
	}
}

func TestErrorShareGivesItsNumbers(t *testing.T) {
	_, why := ErrorShare{MinRequests: 50, Margin: 0.01}.Compare(Tally{4560, 9}, Tally{240, 12})
	for _, part := range []string{"12 errors in 240 requests", "9 errors in 4560 requests", "5.00%", "1.20%"} {
		if !strings.Contains(why, part) {
			t.Errorf("%q does not say %q", why, part)
		}
	}
}
