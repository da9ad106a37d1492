package simulation

import (
	"fmt"

	"cutover/internal/release"
)

// found has the old version of a companion run.
func (w *World) found(c release.Companion) {
	if c.From.Version == "" {
		return
	}
	for range c.Replicas {
		in := w.launch(c.From, c.From.Side)
		in.Component, in.Ready, in.readyAt, in.ReadySince = c.Name, true, w.Now, w.Now
		w.companions = append(w.companions, in)
	}
}

// liveCompanions moves the companions on.
func (w *World) liveCompanions() {
	for k := range w.companions {
		in := &w.companions[k]
		w.live(w.companions[k:k+1], in.Version == w.Plan.To.Version)
	}
}

func (w *World) seenCompanions() release.Instances {
	seen := release.Instances{Known: w.blindTo&PlatformUnseen == 0}
	if seen.Known {
		for _, i := range w.companions {
			seen.List = append(seen.List, i.Instance)
		}
	}
	return seen
}

// Overlaps says which singleton runs in two versions at once, if one does.
func (w *World) Overlaps() error {
	sides := map[string]release.Side{}
	for _, i := range w.companions {
		overlap := release.Together
		for _, c := range w.Plan.Companions {
			if c.Name == i.Component {
				overlap = c.Overlap
			}
		}
		if !i.Alive || overlap != release.Never {
			continue
		}
		if side, runs := sides[i.Component]; runs && side != i.Side {
			return fmt.Errorf("%s runs on %s and on %s", i.Component, side, i.Side)
		}
		sides[i.Component] = i.Side
	}
	return nil
}
