package analysis

import "time"

// State is all that a test remembers. It can be written as JSON at any time
// and read back: the test then goes on as if nothing had happened. To begin
// anew instead would spend the permitted chance of an error again. The zero
// value is a test that has not begun.
type State struct {
	Looks uint64    `json:"looks"`
	At    time.Time `json:"at,omitzero"`
	Split Split     `json:"split"`
	// Failed says that the evidence has sufficed once: that stands.
	Failed  bool          `json:"failed,omitempty"`
	Signals []SignalState `json:"signals,omitempty"`
}

// SignalState is what the test remembers of one signal.
type SignalState struct {
	Name string `json:"name"`
	// Last is the latest sound reading, if Growing one of counters that grow;
	// LastAt and LastWeight are its time and the new version's weight then.
	Last       Reading   `json:"last"`
	Growing    bool      `json:"growing,omitempty"`
	LastAt     time.Time `json:"lastAt,omitzero"`
	LastWeight float64   `json:"lastWeight"`
	LastEpoch  string    `json:"lastEpoch,omitempty"`
	// Old and New are what has been seen of each in all.
	Old Count `json:"old"`
	New Count `json:"new"`
	// First is when the new version's first request was seen.
	First time.Time `json:"first,omitzero"`
	// OldRequests and NewRequests are those since the weight last changed.
	OldRequests float64 `json:"oldRequests"`
	NewRequests float64 `json:"newRequests"`
	// Worse is the test that takes back, Better the one that goes on.
	Worse  Wealth    `json:"worse"`
	Better Promotion `json:"better"`
	Limits Limits    `json:"limits"`
	Recent Recent    `json:"recent"`
	Open   Block     `json:"open"`
	Basis  Basis     `json:"basis"`
	// Alone says that there was no old version to compare with at the latest
	// bucket.
	Alone bool `json:"alone,omitempty"`
	// Note says why the latest look gave no evidence, "" if it did.
	Note string `json:"note,omitempty"`

	stakes stakes // computed when needed
}

// prepare makes the state fit the settings: a signal keeps what is remembered
// of it, whatever else has been added or removed.
func (s *State) prepare(c Settings) {
	same := len(s.Signals) == len(c.Signals)
	for i := 0; same && i < len(c.Signals); i++ {
		same = s.Signals[i].Name == c.Signals[i].Name
	}
	if same {
		return
	}
	signals := make([]SignalState, len(c.Signals))
	for i, want := range c.Signals {
		signals[i].Name = want.Name
		for _, have := range s.Signals {
			if have.Name == want.Name {
				signals[i] = have
			}
		}
	}
	s.Signals = signals
}

// Split remembers the new version's weight. Requests from before it was
// lowered end later and bring more of the new version's than its share now, so
// its former share counts for a while.
type Split struct {
	Weight float64   `json:"weight"`
	High   float64   `json:"high,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// least is the share that counts at least for a bucket that began then.
func (s Split) least(began time.Time) float64 {
	if began.Before(s.Until) {
		return s.High
	}
	return 0
}

func (s *Split) follow(at time.Time, weight float64, settle time.Duration) {
	if weight < s.Weight {
		if !at.Before(s.Until) {
			s.High = 0
		}
		s.High, s.Until = max(s.High, s.Weight), at.Add(settle)
	}
	s.Weight = weight
}
