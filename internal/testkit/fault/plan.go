package fault

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of fault that a plan may choose.
type Kind struct {
	// Name is what the player knows it by.
	Name string
	// Lane is what it breaks. Faults of one lane never overlap.
	Lane string
	// Least and Most bound how long it lasts; both 0 for one that is over at once.
	Least, Most time.Duration
}

// Strike is one fault of a plan.
type Strike struct {
	// At is when, counted from the beginning.
	At time.Duration
	// Kind and Lane say what.
	Kind, Lane string
	// For is how long it lasts.
	For time.Duration
	// Pick says whom and how strongly: the player takes it modulo what there is
	// to choose from at that moment.
	Pick uint64
}

func (s Strike) String() string {
	return fmt.Sprintf("%8.1fs  %-42s for %5.1fs  (%s, pick %d)", s.At.Seconds(), s.Kind, s.For.Seconds(), s.Lane, s.Pick%1000)
}

// Plan draws the strikes of so long a time from a seed, in their order. In
// each lane a pause, as long as rest on average and half that at least,
// follows on every strike. Each lane plays its kinds through in a drawn order
// before one of them comes again, so that a long enough plan has them all.
// The same arguments always give the same plan.
func Plan(seed uint64, length, rest time.Duration, kinds []Kind) []Strike {
	var plan []Strike
	for i, lane := range lanes(kinds) {
		dice := rand.New(rand.NewPCG(seed, uint64(i)))
		members := slices.DeleteFunc(slices.Clone(kinds), func(k Kind) bool { return k.Lane != lane })
		var deck []Kind
		for at := gap(dice, rest); at < length; at += gap(dice, rest) {
			if len(deck) == 0 {
				deck = slices.Clone(members)
				dice.Shuffle(len(deck), func(a, b int) { deck[a], deck[b] = deck[b], deck[a] })
			}
			k := deck[0]
			deck = deck[1:]
			lasts := k.Least + time.Duration(dice.Int64N(int64(k.Most-k.Least)+1))
			plan = append(plan, Strike{At: at.Truncate(time.Millisecond), Kind: k.Name, Lane: lane, For: lasts.Truncate(time.Millisecond), Pick: dice.Uint64() >> 1})
			at += lasts
		}
	}
	slices.SortStableFunc(plan, func(a, b Strike) int { return cmp.Compare(a.At, b.At) })
	return plan
}

// gap is half the rest and, on average, half of it again.
func gap(dice *rand.Rand, rest time.Duration) time.Duration {
	return rest/2 + time.Duration(dice.Int64N(int64(rest)+1))
}

// lanes lists the lanes in the order in which they first appear.
func lanes(kinds []Kind) []string {
	var list []string
	for _, k := range kinds {
		if !slices.Contains(list, k.Lane) {
			list = append(list, k.Lane)
		}
	}
	return list
}

// Print shows a plan, a line a strike.
func Print(plan []Strike) string {
	var b strings.Builder
	for _, s := range plan {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}
