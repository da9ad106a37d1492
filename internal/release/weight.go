package release

import "fmt"

// Weight is a share of the traffic in hundredths of a percent: 0 is none,
// 10000 is all of it. Whole numbers keep comparisons exact.
type Weight int

// All and None are the ends of the scale.
const (
	None Weight = 0
	All  Weight = 10000
)

// Percent returns the weight of p percent, cut to 0..100 and to two decimals.
func Percent(p float64) Weight {
	w := Weight(p*100 + 0.5)
	return min(max(w, None), All)
}

// Share returns the weight as a share, 0..1.
func (w Weight) Share() float64 { return float64(w) / float64(All) }

// String writes the weight in percent with as many decimals as it needs.
func (w Weight) String() string {
	switch {
	case w%100 == 0:
		return fmt.Sprintf("%d%%", w/100)
	case w%10 == 0:
		return fmt.Sprintf("%.1f%%", float64(w)/100)
	}
	return fmt.Sprintf("%.2f%%", float64(w)/100)
}
