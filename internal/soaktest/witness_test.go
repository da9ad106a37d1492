package soaktest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

// size is what a process takes at one moment.
type size struct {
	at       time.Time
	rss, fds int
}

// cut is a moment in which more streams had been cut than a moment before.
type cut struct {
	after, at time.Time
	streams   uint64
}

// witness looks on for the whole time.
type witness struct {
	*stage
	users   *users
	keeper  *keeper
	history *history
	// sizes are those of the controllers and the data planes, one after the
	// other.
	sizes map[string][]size
	cuts  []cut
	// looks counts the readings of the ledger.
	looks int
	// plane is the process of the data plane, as last seen.
	plane int
}

// lookEvery is how often the witness looks.
const lookEvery = 500 * time.Millisecond

// watch looks on until ctx ends.
func (w *witness) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	streams, last := uint64(0), time.Now()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		if got := w.users.crowd.Snapshot().Streams.Cut; got > streams {
			w.cuts = append(w.cuts, cut{last, now, got - streams})
			streams = got
		}
		last = now
		w.ledger(ctx)
		if n%2 == 0 {
			w.measure("controller", int(w.keeper.pid.Load()))
			w.measure("data plane", w.plane)
			// What cannot be read now, the disk being full, is read later.
			_ = w.history.follow(ctx)
		}
	}
}

// ledger proves I7 of a reading: what the data plane has accepted is accounted
// for.
func (w *witness) ledger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	st, err := w.accounts(ctx)
	if err != nil {
		return
	}
	w.looks++
	for _, r := range st {
		for _, v := range release.CheckLedger(r.Counters, r.inFlight) {
			w.broke("the data plane's ledger: %v", v)
		}
	}
}

// reading is one side's account.
type reading struct {
	release.Counters
	inFlight int
}

func (w *witness) accounts(ctx context.Context) ([]reading, error) {
	st, err := w.stage.front.Stats(ctx, "shop")
	if err != nil {
		return nil, err
	}
	if h, err := w.stage.front.Health(ctx); err == nil {
		w.plane = h.PID
	}
	b, g := st.Sides.Blue, st.Sides.Green
	return []reading{{b.Counters, b.Requests + b.Streams}, {g.Counters, g.Requests + g.Streams}}, nil
}

// measure notes what a process takes, unless it is gone.
func (w *witness) measure(name string, pid int) {
	if pid == 0 {
		return
	}
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil || pages == 0 {
		return
	}
	w.sizes[name] = append(w.sizes[name], size{time.Now(), pages * os.Getpagesize() >> 10, len(fds)})
}

// quarter sums up a quarter of the time.
type quarter struct{ least, median, most int }

func (q quarter) String() string { return fmt.Sprintf("%d / %d / %d", q.least, q.median, q.most) }

// quarters sums up what of returns, for each quarter of the time.
func quarters(all []size, of func(size) int) [4]quarter {
	var qs [4]quarter
	for i := range qs {
		part := all[len(all)*i/4 : len(all)*(i+1)/4]
		if len(part) == 0 {
			continue
		}
		var list []int
		for _, s := range part {
			list = append(list, of(s))
		}
		slices.Sort(list)
		qs[i] = quarter{list[0], list[len(list)/2], list[len(list)-1]}
	}
	return qs
}

func rssOf(s size) int { return s.rss }
func fdsOf(s size) int { return s.fds }

// flat proves that the last quarter takes hardly more than the second; the
// first is for warming up.
func (w *witness) flat() {
	for name, all := range w.sizes {
		rss, fds := quarters(all, rssOf), quarters(all, fdsOf)
		if most := rss[1].median + max(rss[1].median/4, 8<<10); rss[3].median > most {
			w.broke("the memory of the %s grows: %v kB by quarters", name, rss)
		}
		if most := fds[1].median + max(fds[1].median/4, 12); fds[3].median > most {
			w.broke("the descriptors of the %s grow: %v by quarters", name, fds)
		}
	}
}
