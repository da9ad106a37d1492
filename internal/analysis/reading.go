package analysis

import (
	"math"
	"time"
)

// Count is what one version did, as one signal counts it. Requests are those
// that have ended: a bad one counts in both fields, at the same time.
type Count struct {
	Requests float64 `json:"requests"`
	Bad      float64 `json:"bad"`
	// BadClients counts bad requests too, but each client once in a while at
	// most (see Once). It is needed for signals ByClient.
	BadClients float64 `json:"badClients,omitempty"`
	// Clients is no counter: it is how many clients the version has had in
	// the last ten seconds, 0 if not known. Where clients stick to a version
	// it keeps a few that ask very much from distorting the comparison.
	Clients float64 `json:"clients,omitempty"`
	// Latency counts the same requests by how long they took, for signals of
	// kind Latency.
	Latency Histogram `json:"latency,omitempty"`
}

func (c Count) plus(d Count) Count {
	c.Requests, c.Bad, c.BadClients, c.Clients = c.Requests+d.Requests, c.Bad+d.Bad, c.BadClients+d.BadClients, d.Clients
	if len(d.Latency) > 0 {
		c.Latency = c.Latency.plus(d.Latency)
	}
	return c
}

// minus returns the growth since base, and false if there can be none: a
// counter that went back has started anew.
func (c Count) minus(base Count) (Count, bool) {
	c.Requests, c.Bad, c.BadClients = c.Requests-base.Requests, c.Bad-base.Bad, c.BadClients-base.BadClients
	grown := c.Requests >= 0 && c.Bad >= 0 && c.BadClients >= 0 && len(c.Latency) >= len(base.Latency)
	if !grown || len(c.Latency) == 0 {
		return c, grown
	}
	latency := append(Histogram(nil), c.Latency...)
	for k, n := range base.Latency {
		latency[k] -= n
		grown = grown && latency[k] >= 0
	}
	c.Latency = latency
	return c, grown
}

// wrong says what is wrong with the numbers themselves, "" for nothing.
func (c Count) wrong() string {
	for _, n := range [...]float64{c.Requests, c.Bad, c.BadClients, c.Clients} {
		if !sound(n) {
			return "a count is not a number of requests"
		}
	}
	if len(c.Latency) > Bins {
		return "a histogram has too many bins"
	}
	for _, n := range c.Latency {
		if !sound(n) {
			return "a histogram has a bin that is not a number of requests"
		}
	}
	return ""
}

func sound(n float64) bool { return n >= 0 && !math.IsInf(n, 0) }

// Reading is what one signal says of both versions at one look.
type Reading struct {
	// Signal is the name of one of the settings' signals.
	Signal string `json:"signal"`
	// Fresh says that the counts are those since the previous look. Otherwise
	// they grow from look to look, as counters do.
	Fresh bool  `json:"fresh,omitempty"`
	Old   Count `json:"old"`
	New   Count `json:"new"`
}

// Look is everything known at one moment. A signal without a reading, or with
// one that cannot be right, gives no evidence at this look, and the verdict
// says so.
type Look struct {
	At time.Time `json:"at"`
	// Epoch changes whenever counters start again from zero.
	Epoch string `json:"epoch,omitempty"`
	// Weight is the share of the requests routed to the new version, 0..1.
	Weight float64 `json:"weight"`
	// Random says that the front deals clients (or requests) to the new
	// version by chance, with a probability of Weight. Then that is its share
	// of the bad requests if it is no worse, and need not be measured in each
	// bucket, which costs evidence where buckets are small.
	Random bool `json:"random,omitempty"`
	// Next is the share it would get if the verdict were Healthy, 0..1. It
	// decides how much harm going on could do, and so how much evidence it
	// takes; 0 counts as 1.
	Next float64 `json:"next,omitempty"`
	// Step is the step of the release: when it changes, the evidence for
	// going on begins anew, that against the new version does not.
	Step     int       `json:"step"`
	Readings []Reading `json:"readings,omitempty"`
}

func (l Look) reading(signal string) *Reading {
	for i := range l.Readings {
		if l.Readings[i].Signal == signal {
			return &l.Readings[i]
		}
	}
	return nil
}

// dealt says that the new version's share is known, not measured. Then a bucket
// in which it had no request counts too: to leave it out would leave out bad
// requests of the old version only.
func (l Look) dealt() bool { return l.Random && l.Weight > 0 && l.Weight < 1 }

// share returns w if it is a share, else 0.
func share(w float64) float64 {
	if w >= 0 && w <= 1 {
		return w
	}
	return 0
}
