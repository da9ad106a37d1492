package shadow

import (
	"slices"
	"strings"
	"time"
)

// Sample is one request with the answers to it.
type Sample struct {
	// Endpoint is what Template says of the request.
	Endpoint string
	// First is what blue answered to the user. Again is what it answered to
	// the same request a second time; nil where it was not asked, because
	// the request writes. Green is the other version's answer.
	First, Green Answer
	Again        *Answer
}

// Found is what a sample shows: where blue and green differ from the first
// answer. Compare makes one, Judge takes it in.
type Found struct {
	endpoint    string
	blue, green []Seen
	paired      bool
}

// Compare compares the answers of a sample. It is the part that takes time
// and needs no judge.
func (s Settings) Compare(x Sample) Found {
	s = s.withDefaults()
	f := Found{endpoint: x.Endpoint, paired: x.Again != nil}
	f.green = s.counting(x.Endpoint, Differences(x.First, x.Green, s.Headers))
	if x.Again == nil {
		return f
	}
	f.blue = s.counting(x.Endpoint, Differences(x.First, *x.Again, s.Headers))
	if x.Again.Failed == "" && x.Green.Failed == "" {
		switch {
		case slower(x.Green.Took, x.Again.Took):
			f.green = append(f.green, slow)
		case slower(x.Again.Took, x.Green.Took):
			f.blue = append(f.blue, slow)
		}
	}
	return f
}

var slow = Seen{Key{"latency", Slower}, "the time blue takes", "more than 1.5 times that"}

// slower reports whether a took noticeably longer than b.
func slower(a, b time.Duration) bool { return a > b+b/2+5*time.Millisecond }

func (s Settings) counting(endpoint string, all []Seen) []Seen {
	if len(s.Ignore) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(d Seen) bool { return s.ignores(endpoint, d.Path) })
}

// keys lists the keys of both, each once, sorted: an order that treats both
// alike.
func (f Found) keys() []Key {
	var all []Key
	for _, d := range slices.Concat(f.blue, f.green) {
		all = append(all, d.Key)
	}
	slices.SortFunc(all, func(a, b Key) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	return slices.Compact(all)
}

func seenIn(list []Seen, k Key) (Seen, bool) {
	i := slices.IndexFunc(list, func(d Seen) bool { return d.Key == k })
	if i < 0 {
		return Seen{}, false
	}
	return list[i], true
}
