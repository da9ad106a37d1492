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

// Percent returns the weight of p percent, kept within 0..100 and rounded to two
// decimals. What is not a number is None.
func Percent(p float64) Weight {
	switch {
	case p >= 100:
		return All
	case p > 0:
		return Weight(p*100 + 0.5)
	}
	return None
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
