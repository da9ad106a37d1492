package release

import (
	"fmt"
	"slices"
	"strings"
)

// Comparison is what comparing the answers of both versions has shown so far.
type Comparison struct {
	// Samples is how many requests both versions were asked, Differing in how
	// many of them the new one's answer differed at a place that counts.
	Samples   uint64 `json:"samples"`
	Differing uint64 `json:"differing"`
	// Dropped copies were given up because the shadow was not quick enough,
	// Skipped ones because they could not be compared: too large, a stream,
	// an unknown encoding.
	Dropped uint64 `json:"dropped"`
	Skipped uint64 `json:"skipped"`
	// Endpoints is how many were seen, Thin how many of them so seldom that
	// little can be said.
	Endpoints int `json:"endpoints"`
	Thin      int `json:"thin"`
	// Noisy paths differ between two answers of the old version; Alarms are
	// those at which the new one differs more than that. Untracked differences were
	// not entered because there were too many places.
	Noisy     int    `json:"noisy"`
	Alarms    int    `json:"alarms"`
	Untracked uint64 `json:"untracked,omitempty"`
	// Differences are the most significant ones, at most twenty.
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is one place at which answers differ.
type Difference struct {
	// Endpoint is a method and a path with ids replaced; Path is the place in
	// the answer: answer, status, header NAME, body, latency or a JSON path.
	Endpoint string `json:"endpoint"`
	Path     string `json:"path"`
	// Kind is the manner of differing; Was and Is say what stood there, in
	// words that give no value away.
	Kind string `json:"kind"`
	Was  string `json:"was"`
	Is   string `json:"is"`
	// Count of the endpoint's Of samples differ there, Noise of them when the
	// old version is asked twice.
	Count uint64 `json:"count"`
	Noise uint64 `json:"noise"`
	Of    uint64 `json:"of"`
	// P is the probability of so much if the versions were the same, corrected
	// for the number of places and for looking at any time.
	P float64 `json:"p"`
	// Alarm says that it counts. An Advisory one never fails a version.
	Alarm    bool `json:"alarm"`
	Advisory bool `json:"advisory,omitempty"`
}

// String says it as a person reads it.
func (d Difference) String() string {
	text := fmt.Sprintf("%s of %s answers differ at %s %s: %s", thousands(d.Count), thousands(d.Of), d.Endpoint, d.Path, d.Kind)
	if d.Was != d.Is {
		text += fmt.Sprintf(", %s instead of %s", d.Is, d.Was)
	}
	return text + fmt.Sprintf(" (the old version with itself: %s; p %s)", thousands(d.Noise), probability(d.P))
}

// Failing returns the differences that fail a version.
func (c Comparison) Failing() []Difference {
	return slices.DeleteFunc(slices.Clone(c.Differences), func(d Difference) bool { return !d.Alarm || d.Advisory })
}

// String sums the comparison up in a sentence.
func (c Comparison) String() string {
	text := fmt.Sprintf("%s answers compared over %s", thousands(c.Samples), plural(c.Endpoints, "endpoint", "endpoints"))
	fails := c.Failing()
	if len(fails) == 0 {
		text += ", no difference beyond the noise of the old version"
	}
	for i, d := range fails {
		if i == 3 {
			text += fmt.Sprintf("; and %d more", len(fails)-i)
			break
		}
		text += "; " + d.String()
	}
	for _, d := range c.Differences {
		if d.Alarm && d.Advisory {
			text += "; for information: " + d.String()
			break
		}
	}
	return text + c.missing()
}

// missing says what was not compared.
func (c Comparison) missing() string {
	var parts []string
	if c.Dropped > 0 {
		parts = append(parts, thousands(c.Dropped)+" copies dropped")
	}
	if c.Skipped > 0 {
		parts = append(parts, thousands(c.Skipped)+" not comparable")
	}
	if c.Thin > 0 {
		parts = append(parts, plural(c.Thin, "endpoint", "endpoints")+" hardly seen")
	}
	if c.Untracked > 0 {
		parts = append(parts, thousands(c.Untracked)+" differences at too many places to follow")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func probability(p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return fmt.Sprintf("%.2g", p)
}

// thousands writes 1840 as 1,840.
func thousands(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
