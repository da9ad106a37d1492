package shadow

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cutover/internal/release"
)

const (
	// maxEndpoints and maxPaths bound what a judge keeps, whatever the app
	// answers.
	maxEndpoints = 120
	maxPaths     = 2000
	// maxShown bounds a report.
	maxShown = 20
	// thin is the number of samples below which an endpoint was hardly seen.
	thin = 50
)

// Judge counts differences and says which of them are more than noise. It may
// be asked at any time without harm to its error rate. It is used by one
// goroutine at a time.
type Judge struct {
	settings  Settings
	endpoints map[string]*endpoint
	paths     map[place]*tally
	// tested counts the paths that have had a toss.
	tested    int
	samples   uint64
	differing uint64
	untracked uint64
}

type endpoint struct{ samples uint64 }

type place struct {
	endpoint string
	Key
}

// tally is what is known of one path of one endpoint.
type tally struct {
	coin coin
	// part is the path's part of the permitted error, 0 before its first toss.
	part float64
	// green and blue count the samples in which they differed.
	green, blue uint64
	alarm       bool
	was, is     string
}

// NewJudge returns a judge that has seen nothing.
func NewJudge(s Settings) *Judge {
	return &Judge{settings: s.withDefaults(), endpoints: map[string]*endpoint{}, paths: map[place]*tally{}}
}

// Take enters a sample.
func (j *Judge) Take(x Sample) { j.Enter(j.settings.Compare(x)) }

// coldSamples are an endpoint's first samples, whose time does not count:
// a version that has just started is slow once.
const coldSamples = 20

// anywhere is where failures are counted besides at their endpoints: a version
// that fails a few requests of each is found before any endpoint has enough.
const anywhere = "any endpoint"

// Enter takes in what Settings.Compare found.
func (j *Judge) Enter(f Found) {
	name, e := j.endpoint(f.endpoint)
	e.samples++
	j.samples++
	differs := false
	for _, k := range f.keys() {
		if k.Kind == Slower && e.samples <= coldSamples {
			continue
		}
		differs = j.weigh(place{name, k}, f, e.samples) || differs
		if k.Path == "status" || k.Path == "answer" {
			differs = j.weigh(place{anywhere, k}, f, j.samples) || differs
		}
	}
	if differs {
		j.differing++
	}
}

// weigh enters a sample, one of so many, at a place, and reports whether green
// differs there in a way that counts.
func (j *Judge) weigh(at place, f Found, samples uint64) bool {
	t := j.tally(at)
	if t == nil {
		return false
	}
	_, blue := seenIn(f.blue, at.Key)
	seen, green := seenIn(f.green, at.Key)
	t.count(blue, green)
	if f.paired && blue != green {
		j.toss(t, green)
	}
	if green {
		t.was, t.is = seen.Was, seen.Is
	}
	excess := float64(t.green) - float64(t.blue)
	if j.p(t) <= j.settings.Alpha && excess >= j.settings.Tolerance*float64(samples) {
		t.alarm = true
	}
	return green && t.alarm && !at.Kind.informs()
}

func (t *tally) count(blue, green bool) {
	if green {
		t.green++
	}
	if blue {
		t.blue++
	}
}

// toss enters a sample in which one of the two differed. A path at which both
// always do, such as a time, is never tested and costs the others nothing.
func (j *Judge) toss(t *tally, green bool) {
	if t.part == 0 {
		j.tested++
		t.part = part(j.tested)
	}
	t.coin.toss(green)
}

// p is the path's probability under equal versions, corrected for the number
// of paths, at most 1.
func (j *Judge) p(t *tally) float64 {
	if t.part == 0 {
		return 1
	}
	return min(1, t.coin.p()/t.part)
}

func (j *Judge) tally(at place) *tally {
	if t, ok := j.paths[at]; ok {
		return t
	}
	if len(j.paths) >= maxPaths {
		j.untracked++
		return nil
	}
	t := &tally{}
	j.paths[at] = t
	return t
}

// endpoint returns the account of an endpoint. Once there are too many, they
// are counted by the beginning of their path, and then together.
func (j *Judge) endpoint(name string) (string, *endpoint) {
	for limit := maxEndpoints - 20; ; limit += 19 {
		if e, ok := j.endpoints[name]; ok {
			return name, e
		}
		if len(j.endpoints) < limit || name == "others" {
			e := &endpoint{}
			j.endpoints[name] = e
			return name, e
		}
		name = coarser(name)
	}
}

// coarser leaves the first part of the path, and then nothing.
func coarser(name string) string {
	if strings.HasSuffix(name, "/...") {
		return "others"
	}
	method, path, _ := strings.Cut(name, " ")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return method + " /" + first + "/..."
}

// Report says what was found so far. Counts of samples that were not taken are
// for the caller to fill in.
func (j *Judge) Report() release.Comparison {
	out := release.Comparison{Samples: j.samples, Differing: j.differing, Endpoints: len(j.endpoints), Untracked: j.untracked}
	for _, e := range j.endpoints {
		if e.samples < thin {
			out.Thin++
		}
	}
	places := slices.Collect(maps.Keys(j.paths))
	slices.SortFunc(places, j.order)
	for _, at := range places {
		t := j.paths[at]
		if at.endpoint == anywhere && (!t.alarm || out.Alarms > 0) {
			continue // what stands here stands at its endpoints too
		}
		switch {
		case t.blue > 0 && !t.alarm && at.Kind != Slower:
			out.Noisy++
		case len(out.Differences) < maxShown && t.green > 0:
			out.Differences = append(out.Differences, j.shown(at, t))
		}
		if t.alarm && !at.Kind.informs() {
			out.Alarms++
		}
	}
	return out
}

func (j *Judge) shown(at place, t *tally) release.Difference {
	of := j.samples
	if e := j.endpoints[at.endpoint]; e != nil {
		of = e.samples
	}
	return release.Difference{
		Endpoint: at.endpoint, Path: at.Path, Kind: string(at.Kind), Was: t.was, Is: t.is,
		Count: t.green, Noise: t.blue, Of: of, P: j.p(t),
		Alarm: t.alarm, Advisory: at.Kind.informs(),
	}
}

// order puts alarms first, those that only inform after the others, then the
// least likely, then the most frequent.
func (j *Judge) order(a, b place) int {
	x, y := j.paths[a], j.paths[b]
	return cmp.Or(cmp.Compare(x.rank(a), y.rank(b)), cmp.Compare(j.p(x), j.p(y)), cmp.Compare(y.green, x.green),
		strings.Compare(a.endpoint, b.endpoint), strings.Compare(a.Path, b.Path), strings.Compare(string(a.Kind), string(b.Kind)))
}

func (t *tally) rank(at place) int {
	switch {
	case !t.alarm:
		return 3
	case at.Kind.informs():
		return 2
	case at.endpoint == anywhere:
		return 1
	}
	return 0
}
