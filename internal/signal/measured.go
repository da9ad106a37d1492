package signal

import (
	"fmt"
	"time"
)

// Measured is the number of one side, or why there is none.
type Measured struct {
	Known bool    `json:"known"`
	Value float64 `json:"value"`
	// AtWorst says that Value is that of some instances, so that the side is
	// at least as bad; it is not Known then.
	AtWorst bool `json:"atWorst,omitempty"`
	// Why says why it is not known.
	Why string `json:"why,omitempty"`
}

func unknown(format string, args ...any) Measured { return Measured{Why: fmt.Sprintf(format, args...)} }

// measure returns the number of a side at a row, as seen at now. A number
// counts until it is stale, also if a later poll brought none.
func (t *Track) measure(s Signal, side Side, upTo int, now time.Time) Measured {
	if upTo < 0 {
		return unknown("nothing has been read yet")
	}
	latest := t.Rows[upTo].of(side)
	sound := t.newest(s, side, upTo)
	m := t.usable(s, latest, sound, now)
	switch {
	case m.Known && s.Shape.grows():
		return t.overWindow(s, side, upTo)
	case m.Known:
		m.Value = sound.Value
	}
	if age := now.Sub(latest.At); latest.Partial && age <= s.Stale && -age <= skew {
		if !m.Known {
			return Measured{Value: latest.Value, AtWorst: true, Why: latest.Missing}
		}
		if s.beyond(latest.Value, m.Value) {
			m.Value = latest.Value
		}
	}
	return m
}

// usable says whether a sound point can still be used, and why not.
func (t *Track) usable(s Signal, latest, sound *Point, now time.Time) Measured {
	if sound == nil {
		return Measured{Why: orElse(latest.Missing, "nothing has been read yet")}
	}
	age := now.Sub(sound.At)
	switch {
	case -age > skew:
		return unknown("the last reading is of %s from now: the clock was set back", span(-age))
	case age > s.Stale && latest.Missing != "":
		return unknown("%s; the last reading is %s old", latest.Missing, span(age))
	case age > s.Stale:
		return unknown("the last reading is %s old, more than %s", span(age), span(s.Stale))
	}
	return Measured{Known: true}
}

// newest returns the latest point of a side that has a number, nil for none.
func (t *Track) newest(s Signal, side Side, upTo int) *Point {
	for i := upTo; i >= 0; i-- {
		p := t.Rows[i].of(side)
		if p.Missing == "" && !p.At.IsZero() && (!s.Shape.grows() || p.Took > 0) {
			return p
		}
	}
	return nil
}

// overWindow returns the growth within the window that ends at a row.
func (t *Track) overWindow(s Signal, side Side, upTo int) Measured {
	from := t.Rows[upTo].At.Add(-s.Window)
	var value, of float64
	var took time.Duration
	for i := upTo; i >= 0 && t.Rows[i].At.After(from); i-- {
		p := t.Rows[i].of(side)
		if p.Missing == "" {
			value, of, took = value+p.Value, of+p.Of, took+p.Took
		}
	}
	switch {
	case took <= 0:
		return unknown("no growth is known of the last %s", span(s.Window))
	case s.Shape == Rate:
		return Measured{Known: true, Value: value / took.Seconds()}
	case of <= 0:
		return unknown("the whole did not grow within %s: nothing to divide by", span(s.Window))
	}
	return Measured{Known: true, Value: value / of}
}

// Values are the numbers of a signal.
type Values struct {
	Old      Measured `json:"old"`
	New      Measured `json:"new"`
	Shared   Measured `json:"shared"`
	Baseline Measured `json:"baseline"`
}

// Of returns the number of a side.
func (v Values) Of(side Side) Measured {
	switch side {
	case Old:
		return v.Old
	case New:
		return v.New
	}
	return v.Shared
}

// Values returns the numbers of a signal as they are known now.
func (h History) Values(s Signal, now time.Time) Values {
	t := h.Tracks[s.Name]
	if t == nil {
		t = &Track{}
	}
	return t.values(s, len(t.Rows)-1, now)
}

func (t *Track) values(s Signal, upTo int, now time.Time) Values {
	v := Values{Baseline: t.Baseline.value(s)}
	if s.Shared {
		v.Shared = t.measure(s, Shared, upTo, now)
		v.Old, v.New = unknown("both sides share it"), unknown("both sides share it")
		return v
	}
	v.Old, v.New = t.measure(s, Old, upTo, now), t.measure(s, New, upTo, now)
	v.Shared = unknown("it is read by side")
	return v
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
