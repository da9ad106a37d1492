package release

import "time"

// gated holds a release back until every gate is open.
func (d *decider) gated() {
	if next, open := opens(d.p.Gates, d.w.Now); !open {
		if d.s.Phase == Planned {
			d.enter(Waiting, 0, "the window opens %s", next.UTC().Format("Mon 2006-01-02 15:04 UTC"))
			return
		}
		d.wait("the window opens %s", next.UTC().Format("Mon 2006-01-02 15:04 UTC"))
		return
	}
	d.advance(Preflight, 0, "every gate is open")
}

// preflight makes sure that the world is what the plan was made for.
func (d *decider) preflight() {
	d.keepOld()
	if !d.w.Traffic.Known || !d.old().Known || !d.new().Known {
		d.wait("the platform or the front cannot be observed")
		return
	}
	if left := d.leftovers(); len(left) > 0 {
		d.want(Action{Kind: ActStop, Side: d.p.To.Side, Instances: left})
		return
	}
	if !d.dismissStrays() {
		return
	}
	if !d.p.alone() && d.old().Ready() == 0 {
		d.wait("no instance of %s (%s) is ready: it must serve before it can be replaced", d.p.From.Version, d.p.From.Side)
		return
	}
	if !d.cacheReady() || !d.rehearsing() {
		return
	}
	if d.p.Backup.Wanted() && d.s.Saved == nil {
		d.want(Action{Kind: ActBackup})
		return
	}
	if !d.poolReady() {
		return
	}
	if d.p.Strategy == Restore {
		d.preparing()
		return
	}
	if d.w.Unread != "" {
		d.wait("%s", d.w.Unread)
		return
	}
	if d.p.Schema.Expand {
		d.advance(Expanding, 0, "the world is as planned")
		return
	}
	d.advance(Starting, 0, "the world is as planned")
}

// leftovers lists instances on the incoming side that are not of the plan.
func (d *decider) leftovers() []string {
	var ids []string
	for _, i := range d.new().List {
		if i.Digest != d.p.To.Digest {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func (d *decider) expanding() {
	d.keepOld()
	switch {
	case !d.w.Schema.Known:
		d.wait("the database cannot be observed")
	case !d.w.Schema.Expanded:
		d.want(Action{Kind: ActExpand})
	case d.p.Schema.Backfill:
		d.advance(Backfilling, 0, "the schema fits both versions")
	default:
		d.advance(Starting, 0, "the schema fits both versions")
	}
}

func (d *decider) backfilling() {
	d.keepOld()
	switch {
	case !d.w.Schema.Known:
		d.wait("the database cannot be observed")
	case !d.w.Schema.Filled:
		d.explainFill()
		d.want(Action{Kind: ActBackfill})
	default:
		d.advance(Starting, 0, "every old row has its new shape")
	}
}

// explainFill says how far the fill is, and what it waits for. A fill that
// somebody has paused stands still by itself, keeping its place.
func (d *decider) explainFill() {
	if d.s.Halt != nil {
		d.wait("%s: %s", d.s.Halt.Kind, d.s.Halt.Reason)
	}
	if p := d.w.Schema.Progress; p.Table != "" {
		d.wait("filling %s", p)
	} else if d.w.Schema.Waits != "" {
		d.wait("%s", d.w.Schema.Waits)
	}
}

func (d *decider) starting() {
	d.keepOld()
	d.keepNew(d.p.newAt(0))
	d.wantRoute()
	if !d.new().Known {
		d.wait("the platform cannot be observed")
		return
	}
	if r := d.new().Ready(); r < d.p.newAt(0) {
		d.wait("%d of %d instances of %s are ready", r, d.p.newAt(0), d.p.To.Version)
		return
	}
	if !d.companionsReady(false) {
		return
	}
	d.advance(Warming, 0, "%s of %s ready", plural(d.p.newAt(0), "instance", "instances"), d.p.To.Version)
}

// warming warms the new instances up and lets them show that they stay ready.
func (d *decider) warming() {
	d.keepOld()
	d.keepNew(d.p.newAt(0))
	d.wantRoute()
	if !d.new().Known || d.new().Ready() < d.p.newAt(0) {
		d.wait("not every instance of %s is ready", d.p.To.Version)
		return
	}
	if !d.companionsReady(false) {
		return
	}
	if d.p.WarmUp != nil && !d.s.Warmed {
		d.want(Action{Kind: ActWarmUp, Side: d.p.To.Side})
		return
	}
	if !d.cacheWarm() {
		return
	}
	var last time.Time
	for _, i := range d.new().List {
		if i.Serves() && i.ReadySince.After(last) {
			last = i.ReadySince
		}
	}
	if left := d.p.Settle - d.w.Now.Sub(last); left > 0 && !d.ahead(last) {
		d.wait("all instances stay ready for another %s", Span(left.Round(time.Second)))
		return
	}
	d.advance(Testing, 0, "all instances stayed ready for %s", Span(d.p.Settle))
}

func (d *decider) testing() {
	d.keepOld()
	d.keepNew(d.p.newAt(0))
	d.wantRoute()
	if d.p.tested() && !d.s.Passed {
		if d.new().Ready() < d.p.newAt(0) {
			d.wait("not every instance of %s is ready", d.p.To.Version)
			return
		}
		if !d.companionsReady(false) {
			return
		}
		if d.p.Compares() && d.old().Ready() == 0 {
			d.wait("no instance of %s is ready to compare with", d.p.From.Version)
			return
		}
		d.want(Action{Kind: ActCheck, Side: d.p.To.Side})
		return
	}
	d.advance(Shifting, 0, "%s passed", plural(len(d.s.Checked), "check", "checks"))
}

// shifting brings the traffic to the step's weight, holds it there, and goes on
// to the next. In a rolling update a step also replaces a batch of instances.
func (d *decider) shifting() {
	d.keepOld()
	d.keepNew(d.p.newAt(d.s.Step))
	d.wantRoute()
	if !d.matched() {
		d.explainGrowth()
		d.wait("the front does not show %s on %s yet", d.p.stepText(d.s.Step), d.p.To.Side)
		return
	}
	if !d.counted() {
		return
	}
	if !d.batchGone() || !d.compared() || !d.holdOver(d.p.holdAt(d.s.Step)) {
		return
	}
	if next := d.s.Step + 1; next < d.p.stepCount() {
		d.advance(Shifting, next, "%s", d.why("step to "+d.p.stepText(next)))
		return
	}
	if d.p.shadowOnly() {
		d.advance(Withdrawing, 0, "%s", d.why("the comparison is over"))
		return
	}
	d.advance(Soaking, 0, "%s", d.why(d.weightWords()+" is on "+d.p.To.Version))
}

// weightWords says how much traffic the last step gives the new version.
func (d *decider) weightWords() string {
	if held := d.p.heldBack(); held > None {
		return (All - held).String() + " of the traffic"
	}
	return "all traffic"
}

// explainGrowth says what a rolling step is still short of.
func (d *decider) explainGrowth() {
	if need := d.p.newAt(d.s.Step); d.new().Ready() < need {
		d.wait("%d of %d instances of %s are ready", d.new().Ready(), need, d.p.To.Version)
	}
}

// batchGone stops the old instances that a rolling step has taken off the
// route, once nothing is in flight on them.
func (d *decider) batchGone() bool {
	if d.p.Strategy != RollingUpdate || d.p.First() {
		return true
	}
	if !d.old().Known {
		d.wait("the platform cannot be observed")
		return false
	}
	gone := ids(surplus(d.old().List, d.p.oldAt(d.s.Step)))
	if len(gone) == 0 {
		return true
	}
	if left, least := readyWithout(*d.w, gone), d.p.Replicas-d.p.Rolling.Parallelism; left < least {
		d.wait("%d instances would be left ready, at least %d have to be", left, least)
		return false
	}
	if d.drained(d.p.From.Side, gone, d.s.HeldAt) {
		d.want(Action{Kind: ActStop, Side: d.p.From.Side, Instances: gone})
	}
	return false
}

func (d *decider) soaking() {
	d.keepOld()
	d.keepNew(d.p.Replicas)
	d.wantRoute()
	if !d.matched() {
		d.wait("the front does not show %s on %s", d.weightWords(), d.p.To.Side)
		return
	}
	if !d.exchanged() || !d.counted() || !d.holdOver(d.p.soakHold()) {
		return
	}
	if d.p.First() || d.p.Standby == 0 {
		d.advance(Retiring, 0, "%s", d.why("soaked"))
		return
	}
	d.advance(Standby, 0, "%s", d.why("soaked"))
}

// standby keeps the old side ready to take everything back at once.
func (d *decider) standby() {
	d.keepOld()
	d.keepNew(d.p.Replicas)
	d.wantRoute()
	if !d.matched() || !d.new().Known || d.new().Ready() == 0 {
		d.wait("the front does not show all traffic on %s", d.p.To.Side)
		return
	}
	if !d.counted() {
		return
	}
	if d.oldTraffic().Streams > 0 && d.inPhase() >= d.p.Front.StreamGrace {
		d.want(Action{Kind: ActCloseStreams, Side: d.p.From.Side})
	}
	if left := d.p.Standby - d.inPhase(); left > 0 && !d.s.Retire {
		d.wait("standby ends in %s: until then `cutover rollback` takes everything back at once", Span(left.Round(time.Second)))
		return
	}
	if d.s.Retire {
		d.advance(Retiring, 0, "retired on request")
		return
	}
	d.advance(Retiring, 0, "standby of %s is over", Span(d.p.Standby))
}

// retiring lets the old side go. It is past the point of no return.
func (d *decider) retiring() {
	d.keepNew(d.p.Replicas)
	d.wantRoute()
	if !d.old().Known || !d.matched() {
		d.wait("the old side cannot be observed to be free of traffic")
		return
	}
	companions := d.dismissOld()
	if len(d.old().List) > 0 {
		if d.drained(d.p.From.Side, nil, d.s.EnteredAt) {
			d.want(Action{Kind: ActStop, Side: d.p.From.Side, Instances: ids(d.old().List)})
			d.callForHelp(ActStop, d.p.From.Side, "look at the instances' logs and stop them by hand")
		}
		return
	}
	if !companions || !d.serversGone(d.p.From.Side) || !d.oldCachePurged() {
		return
	}
	if d.p.Schema.Contract {
		d.advance(Contracting, 0, "the old side is gone")
		return
	}
	if d.p.First() {
		d.end(Done, d.p.To.Version+" stands; there was nothing before it", false)
		return
	}
	if d.p.Strategy == Restore && d.w.Restore.Aside != "" {
		d.end(Done, "the old side is gone; the database that was replaced is kept as "+d.w.Restore.Aside, false)
		return
	}
	d.end(Done, "the old side is gone", false)
}

func (d *decider) contracting() {
	d.keepNew(d.p.Replicas)
	d.wantRoute()
	switch {
	case !d.w.Schema.Known || !d.old().Known:
		d.wait("the database or the platform cannot be observed")
	case len(d.old().List) > 0:
		d.wait("%d old instances are still there", len(d.old().List))
	case !d.dismissOld():
	case !d.w.Schema.Contracted:
		d.want(Action{Kind: ActContract})
		d.callForHelp(ActContract, NoSide, "mend what the database says, then `cutover resume`")
	default:
		d.end(Done, "the old shape is gone", false)
	}
}

// keep holds up what a release that went well has left standing. The engine
// asks for it as long as no newer release of the app is under way.
func (d *decider) keep() {
	if d.s.Phase != Done {
		return
	}
	d.keepNew(d.p.Replicas)
	d.tend()
	d.wantRoute()
}

func (d *decider) end(outcome Phase, reason string, rejected bool) {
	if d.s.PoolHeld {
		d.wait("clients of PgBouncer may still be made to wait")
		return
	}
	if d.s.Halt != nil && outcome == Done {
		d.wait("%s: %s", d.s.Halt.Kind, d.s.Halt.Reason)
		return
	}
	after := *d.s
	if d.w.Traffic.Known {
		after = after.read(d.w.Traffic.Reading())
	}
	d.emit(Ended{Outcome: outcome, Reason: reason, Rejected: rejected && !d.p.Restarts(), Ledger: after.Ledger})
}
