package release

import "slices"

// cacheReady makes sure that the cache can be used, and that it is on record
// what kept namespaces hold before the new version writes to them.
func (d *decider) cacheReady() bool {
	switch {
	case !d.p.Cache.Used():
		return true
	case !d.w.Cache.Known:
		d.wait("the cache cannot be observed, or takes no writes")
		return false
	case d.p.ComparesCache() && len(d.s.CacheProfile) == 0:
		d.want(Action{Kind: ActSampleCache})
		return false
	}
	return true
}

// cacheWarm has the new generations filled, and reports whether they are.
func (d *decider) cacheWarm() bool {
	if d.p.Cache.Warm == nil || d.s.CacheWarmed || len(d.p.Cache.incoming()) == 0 {
		return true
	}
	d.want(Action{Kind: ActWarmCache, Side: d.p.To.Side})
	return false
}

// oldCachePurged and newCachePurged remove the generations that only one side
// has used, and report whether they are gone. The side must be gone before.
// What a component that takes no part in the release still uses stays.
func (d *decider) oldCachePurged() bool { return d.p.cacheLives() || d.purged(d.p.Cache.outgoing()) }
func (d *decider) newCachePurged() bool { return !d.s.Brought || d.purged(d.p.Cache.incoming()) }

func (d *decider) purged(prefixes []string) bool {
	for _, prefix := range prefixes {
		if slices.Contains(d.s.Purged, prefix) {
			continue
		}
		if p := d.s.Purge; p.Prefix == prefix {
			d.wait("%s", p)
		}
		a := Action{Kind: ActPurgeCache, Prefix: prefix}
		d.want(a)
		d.callForHelpWith(a, "see that the cache can be reached and permits SCAN and UNLINK; it is tried again")
		return false
	}
	return true
}

// cached takes in what an action did to the cache.
func (s State) cached(did Action, ev Finished) State {
	switch ev.Kind {
	case ActSampleCache:
		if ev.Cached != nil {
			s.CacheProfile = ev.Cached.Profile
		}
	case ActWarmCache:
		s.CacheWarmed = true
	case ActPurgeCache:
		s.Purged = append(slices.Clip(s.Purged), did.Prefix)
		s.Purge = CacheProgress{}
	}
	return s
}

// writing forgets that the new version's generations were removed: it is about
// to write to them.
func (s State) writing() State {
	mine := s.Plan.Cache.incoming()
	s.Purged = slices.DeleteFunc(slices.Clone(s.Purged), func(p string) bool { return slices.Contains(mine, p) })
	if len(s.Purged) == 0 {
		s.Purged = nil
	}
	return s
}
