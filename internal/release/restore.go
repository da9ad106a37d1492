package release

// displaced reports whether the old version must not run: its database is
// another by now, or about to be.
func (d *decider) displaced() bool {
	if d.p.Strategy != Restore {
		return false
	}
	switch d.s.Phase {
	case Planned, Waiting, Preflight, RolledBack:
		return false
	case Reverting:
		return d.s.Exchanging && (!d.w.Restore.Known || d.w.Restore.Exchanged)
	}
	return true
}

// preparing restores the backup beside the database, while users go on using
// that.
func (d *decider) preparing() {
	switch {
	case !d.w.Restore.Known:
		d.wait("the databases cannot be observed")
	case !d.w.Restore.Prepared && !d.w.Restore.Exchanged:
		d.want(Action{Kind: ActPrepare})
	default:
		d.advance(Restoring, 0, "the backup is restored beside the database")
	}
}

// restoring takes the present version off the air, stops it, and replaces its
// database. From here on users are not served until the older version is
// ready.
func (d *decider) restoring() {
	d.wantRoute()
	if !d.w.Traffic.Known || !d.old().Known || !d.w.Restore.Known {
		d.wait("the platform, the front or the databases cannot be observed")
		return
	}
	if t := d.oldTraffic(); t.Weight > None || len(t.Endpoints) > 0 {
		d.wait("the front does not show yet that %s is off the air", d.p.From.Version)
		return
	}
	companions := d.dismissOld()
	if n := d.old().List; len(n) > 0 {
		if d.drained(d.p.From.Side, nil, d.s.EnteredAt) {
			d.want(Action{Kind: ActStop, Side: d.p.From.Side, Instances: ids(n)})
			d.callForHelp(ActStop, d.p.From.Side, "look at the instances' logs and stop them by hand")
		}
		return
	}
	if !companions {
		return
	}
	if !d.w.Restore.Exchanged {
		d.want(Action{Kind: ActExchange})
		return
	}
	d.advance(Starting, 0, "the database holds what the backup held")
}

// databaseBack reports whether the database that was replaced is in its place
// again. Nothing of the new version runs by now.
func (d *decider) databaseBack() bool {
	switch {
	case !d.w.Restore.Known:
		d.wait("the databases cannot be observed")
	case d.w.Restore.Exchanged:
		d.want(Action{Kind: ActExchangeBack})
		d.callForHelp(ActExchangeBack, NoSide, "mend what the database says, then `cutover resume`")
	default:
		return true
	}
	return false
}
