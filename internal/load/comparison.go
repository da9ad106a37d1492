package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	// Rounds is how many rounds Compare cuts a load into. With twenty of them
	// three may be spoilt by something else and a verdict is still possible.
	Rounds = 20
	// doubt is the probability that any interval of a comparison misses what it
	// is about. It is shared out among all of them.
	doubt = 0.01
	// unread is a difference of latencies that is not read: what the network, two
	// HTTP stacks and waiting for a processor add differs by that much.
	unread = time.Millisecond
)

// compared are the percentiles that are compared, and how many requests a round
// needs on both sides to have them.
var compared = []struct {
	name    string
	percent float64
	least   int
}{{"p50", 50, 5}, {"p90", 90, 10}}

// Comparison is what two sides have shown under the same load.
type Comparison struct {
	Result Result
	Pairs  []Pair
	// Target and Against are the errors of the two sides, and Unlikely says that
	// both would go wrong alike and still show such a difference, in favour of
	// the other side, less often than the comparison allows.
	Target, Against Failures
	Unlikely        bool
}

// Failures counts what was due and went wrong, or was dropped.
type Failures struct{ Wrong, Due uint64 }

// Pair is one figure of both sides, compared round by round.
type Pair struct {
	// Name is of the request or page, empty for all of them together.
	Name   string
	Metric string
	// Rounds is in how many rounds both sides had enough requests.
	Rounds int
	// Target and Against are the medians over the rounds; NoTime where most
	// rounds have none because there was no answer.
	Target, Against Millis
	// Ratio is the median of the rounds' ratios. It lies between Low and High,
	// and so do the others of the comparison, in 99 of 100 comparisons. High may
	// be infinite, Low zero: then there is nothing to be said on that side.
	Ratio, Low, High float64

	// ratios are those of the rounds, sorted.
	ratios []float64
}

// Compare carries out a plan that has another side, in the open model, and
// compares both sides round by round. Errors are as of Run; there is no
// comparison of a load that was called off.
func Compare(ctx context.Context, p Plan, report func(Progress)) (Comparison, error) {
	if len(p.Against) == 0 || p.Model != Open {
		return Comparison{}, errors.New("compare two sides: it takes a rate and another side; name it with against")
	}
	l, result, err := run(ctx, p, Rounds, report)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Result: result, Target: failuresOf(result.Sides[0]), Against: failuresOf(result.Sides[1])}
	c.Pairs = l.pairs()
	c.settle()
	return c, nil
}

func failuresOf(s Side) Failures {
	return Failures{Wrong: s.Total.Errors + s.Total.Dropped, Due: s.Total.Done + s.Total.Dropped}
}

// pairs lists what can be compared, without intervals.
func (l *load) pairs() []Pair {
	a, b := l.sides[0].tally.rounds, l.sides[1].tally.rounds
	var list []Pair
	add := func(name string, a, b []latencies) {
		for i := range compared {
			if one, ok := pairOf(i, a, b); ok {
				one.Name = name
				list = append(list, one)
			}
		}
	}
	p := l.program
	whole := len(p.pages)
	for i, name := range p.pages {
		add(name, a.pages[i], b.pages[i])
	}
	for i, name := range p.requests {
		if !a.parts[i] {
			whole++
			add(name, a.requests[i], b.requests[i])
		}
	}
	if whole > 1 {
		add("", a.all, b.all)
	}
	return list
}

// pairOf puts the rounds of two sides beside each other. The rounds' ratios
// are kept in order until settle takes the interval from them.
func pairOf(metric int, a, b []latencies) (Pair, bool) {
	m := compared[metric]
	var targets, againsts, ratios []float64
	for n := range a {
		if len(a[n]) < m.least || len(b[n]) < m.least {
			continue
		}
		x, y := a[n].percentile(m.percent), b[n].percentile(m.percent)
		if x == never && y == never {
			continue
		}
		targets, againsts = append(targets, float64(x)), append(againsts, float64(y))
		ratios = append(ratios, ratioOf(x, y))
	}
	if len(ratios) == 0 {
		return Pair{}, false
	}
	return Pair{Metric: m.name, Rounds: len(ratios), Target: millisOf(median(targets)), Against: millisOf(median(againsts)),
		Ratio: median(ratios), ratios: slices.Sorted(slices.Values(ratios))}, true
}

func ratioOf(x, y time.Duration) float64 {
	switch {
	case x == never:
		return math.Inf(1)
	case y == never:
		return 0
	}
	return float64(x) / float64(max(y, 1))
}

func millisOf(f float64) Millis {
	if f >= float64(never) {
		return NoTime
	}
	return Millis(f)
}

// settle gives every pair its share of the doubt.
func (c *Comparison) settle() {
	share := doubt / float64(len(c.Pairs)+1)
	for i := range c.Pairs {
		one := &c.Pairs[i]
		one.Low, one.High = 0, math.Inf(1)
		if low, high := medianBounds(one.Rounds, share); low > 0 {
			one.Low, one.High = one.ratios[low-1], one.ratios[high-1]
		}
	}
	wrong, due := c.Target.Wrong+c.Against.Wrong, c.Target.Due+c.Against.Due
	if c.Target.Wrong > 0 && c.Against.Due > 0 {
		c.Unlikely = atLeast(int(c.Target.Wrong), int(wrong), float64(c.Target.Due)/float64(due)) <= share
	}
}

// Regressions says in which ways the target is worse than the other side: a
// latency of more than 1+margin times the other's with all doubt taken into
// account, and by a millisecond or more, or more errors than chance explains.
// Nothing means that no regression was shown, not that there is none.
func (c Comparison) Regressions(margin float64) []string {
	var found []string
	for _, p := range c.Pairs {
		if p.Low > 1+margin && p.Against != NoTime && (p.Target == NoTime || time.Duration(p.Target-p.Against) >= unread) {
			found = append(found, p.String())
		}
	}
	if c.Unlikely {
		found = append(found, c.failures())
	}
	return found
}

// Undecided says why too little is known to compare, or "".
func (c Comparison) Undecided() string {
	switch {
	case c.Against.Due == 0 || c.Target.Due == 0:
		return "a side had no request"
	case len(c.Pairs) == 0:
		return fmt.Sprintf("%d requests in %d rounds are too few, or had no answer", c.Target.Due, Rounds)
	case !slices.ContainsFunc(c.Pairs, func(p Pair) bool { return !math.IsInf(p.High, 1) || p.Low > 0 }):
		return fmt.Sprintf("at most %d of %d rounds had enough requests", slices.MaxFunc(c.Pairs, func(a, b Pair) int { return a.Rounds - b.Rounds }).Rounds, Rounds)
	}
	return ""
}

// Summary words the comparison in one line.
func (c Comparison) Summary() string {
	var texts []string
	for _, p := range c.Pairs {
		texts = append(texts, p.String())
	}
	return strings.Join(append(texts, c.failures()), "; ")
}

func (c Comparison) failures() string {
	return fmt.Sprintf("%d of %d requests failed against %d of %d", c.Target.Wrong, c.Target.Due, c.Against.Wrong, c.Against.Due)
}

// String words a pair, such as "GET / p50 45ms against 30ms, 1.50x (1.42x to
// 1.61x)".
func (p Pair) String() string {
	name := p.Name
	if name == "" {
		name = "all"
	}
	return fmt.Sprintf("%s %s %s against %s, %s (%s to %s)", name, p.Metric, p.Target, p.Against, times(p.Ratio), times(p.Low), times(p.High))
}

func times(f float64) string {
	if math.IsInf(f, 1) {
		return "any multiple"
	}
	return fmt.Sprintf("%.2fx", f)
}
