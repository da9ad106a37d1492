package mirror

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/release"
	"cutover/internal/shadow"
)

// shadowing is the mirroring of one app for one release.
type shadowing struct {
	salt     string
	mirror   release.Mirror
	limits   Limits
	settings shadow.Settings
	pace     pace
	// now is where copies go, nil while none are made.
	now atomic.Pointer[routing]

	dropped, skipped atomic.Uint64
	// failures counts copies in a row without an answer; none are made until
	// restUntil, in Unix nanoseconds.
	failures, restUntil atomic.Int64

	mu    sync.Mutex
	judge *shadow.Judge
}

func newShadowing(l Limits, salt string, m release.Mirror) *shadowing {
	set := shadow.Settings{Headers: m.Shadow.Headers, Ignore: m.Shadow.Ignore, Tolerance: m.Shadow.Tolerance}
	return &shadowing{salt: salt, mirror: m, limits: l, settings: set, pace: pace{rate: l.Rate}, judge: shadow.NewJudge(set)}
}

// routing says where copies go. It ends when the route changes.
type routing struct {
	ctx    context.Context
	cancel context.CancelFunc
	old    []string
	fresh  []string
	turn   atomic.Uint32
	// protocol is what all of them are spoken to in.
	protocol release.Protocol
}

func newRouting(ctx context.Context, r release.Route) *routing {
	out := &routing{protocol: r.Front.Backend}
	out.ctx, out.cancel = context.WithCancel(ctx)
	for _, e := range r.Sides.Of(r.Mirror.Side.Other()).Endpoints {
		out.old = append(out.old, e.Addr)
	}
	for _, e := range r.Sides.Of(r.Mirror.Side).Endpoints {
		out.fresh = append(out.fresh, e.Addr)
	}
	if t := r.Mirror.Shadow.Target; t != "" {
		out.fresh = []string{t}
	}
	return out
}

// next returns the addresses for one request, "" for a side without any.
func (r *routing) next() (old, fresh string) {
	n := int(r.turn.Add(1))
	if len(r.old) > 0 {
		old = r.old[n%len(r.old)]
	}
	if len(r.fresh) > 0 {
		fresh = r.fresh[n%len(r.fresh)]
	}
	return old, fresh
}

// routed puts a routing in force; nil stops copying.
func (a *shadowing) routed(to *routing) {
	if before := a.now.Swap(to); before != nil {
		before.cancel()
	}
}

// chooses returns where the copies of a request go, or nil if it is not to be
// copied. Requests left out by the share or by their method are not counted.
func (a *shadowing) chooses(side release.Side, r *http.Request) *routing {
	to := a.now.Load()
	if to == nil || side == a.mirror.Side || release.Weight(rand.IntN(int(release.All))) >= a.mirror.Shadow.Share {
		return nil
	}
	if !readOnly(r.Method) && !a.mirror.Shadow.Writes {
		return nil
	}
	if r.Header.Get("Upgrade") != "" || readOnly(r.Method) && r.ContentLength != 0 {
		a.skipped.Add(1)
		return nil
	}
	now := time.Now()
	if now.UnixNano() < a.restUntil.Load() || !a.pace.allows(now) {
		a.dropped.Add(1)
		return nil
	}
	return to
}

// readOnly reports whether a method promises to change nothing.
func readOnly(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// take enters a sample. Comparing is done one sample at a time.
func (a *shadowing) take(x shadow.Sample, comparing *sync.Mutex) {
	comparing.Lock()
	found := a.settings.Compare(x)
	comparing.Unlock()
	a.rest(x)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.judge.Enter(found)
}

// rest stops copying for a while when a side gives no answers.
func (a *shadowing) rest(x shadow.Sample) {
	if x.Green.Failed == "" && (x.Again == nil || x.Again.Failed == "") {
		a.failures.Store(0)
		return
	}
	if a.failures.Add(1) >= a.limits.Failures {
		a.failures.Store(0)
		a.restUntil.Store(time.Now().Add(a.limits.Rest).UnixNano())
	}
}

func (a *shadowing) report() *release.Comparison {
	a.mu.Lock()
	c := a.judge.Report()
	a.mu.Unlock()
	c.Dropped, c.Skipped = a.dropped.Load(), a.skipped.Load()
	return &c
}
