package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/certificate"
	"cutover/internal/proxy/issuer"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Look is how often Run looks at the files.
const Look = time.Second

// Ring holds the certificates of one table.
type Ring struct {
	log    *slog.Logger
	now    func() time.Time
	keeper *issuer.Keeper
	// doors are those of the table, by address; the map is never changed.
	doors atomic.Pointer[map[string]*door]

	mu          sync.Mutex
	pairs       map[certificate.Pair]*pairFile
	authorities map[string]*authorityFile
}

// New returns an empty ring. keeper orders certificates; now is the clock.
func New(keeper *issuer.Keeper, now func() time.Time, log *slog.Logger) *Ring {
	r := &Ring{log: log, now: now, keeper: keeper, pairs: map[certificate.Pair]*pairFile{}, authorities: map[string]*authorityFile{}}
	r.doors.Store(&map[string]*door{})
	return r
}

// Run looks at the files every Look until ctx ends.
func (r *Ring) Run(ctx context.Context) {
	tick := time.NewTicker(Look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.Refresh()
		}
	}
}

// Close gives up what is being ordered.
func (r *Ring) Close() { r.keeper.Close() }

// Check says why the files that app's service in next names cannot be used.
// Files that its service in have names already are not looked at: they are
// served as they are, and must not stand in the way of any other change.
func (r *Ring) Check(app string, next, have route.Table) error {
	s, ok := next.Service(app)
	before, _ := have.Service(app)
	t, old := s.Route.Front.TLS, before.Route.Front.TLS
	if !ok || t == nil {
		return nil
	}
	return Readable(t, old, r.now())
}

// Readable says why the files of t cannot be used, apart from those that old
// names too. Old may be nil.
func Readable(t, old *release.TLS, now time.Time) error {
	if old == nil {
		old = &release.TLS{}
	}
	var errs []error
	if t.Certificate != "" && pairOf(t) != pairOf(old) {
		_, err := pairOf(t).Read(now)
		errs = append(errs, err)
	}
	if t.Clients != nil && (old.Clients == nil || t.Clients.Authorities != old.Clients.Authorities) {
		_, err := certificate.ReadAuthorities(t.Clients.Authorities)
		errs = append(errs, err)
	}
	if t.ACME != nil && t.ACME.Trust != "" && (old.ACME == nil || t.ACME.Trust != old.ACME.Trust) {
		_, err := certificate.ReadAuthorities(t.ACME.Trust)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	return nil
}

func pairOf(t *release.TLS) certificate.Pair {
	return certificate.Pair{Certificate: t.Certificate, Key: t.Key}
}

// Follow makes the ring that of table, which must pass Check of its own. Files
// that cannot be used leave their app without a certificate, or with the one
// that is held, and are read again when they change.
func (r *Ring) Follow(table route.Table) {
	r.mu.Lock()
	defer r.mu.Unlock()
	purposes, err := table.Doors()
	if err != nil {
		r.log.Error("the table's addresses contradict each other", "error", err)
		return
	}
	doors := map[string]*door{}
	for addr, purpose := range purposes {
		doors[addr] = newDoor(purpose)
	}
	wants := map[string]issuer.Want{}
	pairs, authorities := map[certificate.Pair]*pairFile{}, map[string]*authorityFile{}
	for _, s := range table.Services {
		t := s.Route.Front.TLS
		if t == nil {
			continue
		}
		d, c := doors[s.Route.Front.Listen], choice{app: s.App, hosts: s.Route.Front.Hosts}
		if t.ACME != nil {
			c.acme = t.ACME
			for _, name := range t.ACME.Domains {
				wants[name] = issuer.Want{ACME: *t.ACME, HTTP: wants[name].HTTP || t.Redirect != ""}
			}
		} else {
			c.file = kept(pairs, r.pairs, pairOf(t), newPairFile)
		}
		if t.Clients != nil {
			d.authorities = kept(authorities, r.authorities, t.Clients.Authorities, newAuthorityFile)
		}
		d.choices = append(d.choices, c)
	}
	r.pairs, r.authorities = pairs, authorities
	r.keeper.Follow(wants)
	r.refresh(doors)
	r.doors.Store(&doors)
}

// kept carries over what is held for key, or begins anew.
func kept[K comparable, V any](into, from map[K]*V, key K, begin func(K) *V) *V {
	if into[key] == nil {
		into[key] = from[key]
	}
	if into[key] == nil {
		into[key] = begin(key)
	}
	return into[key]
}

// Refresh reads files that may have changed.
func (r *Ring) Refresh() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refresh(*r.doors.Load())
}

func (r *Ring) refresh(doors map[string]*door) {
	now := r.now()
	for _, f := range r.pairs {
		f.look(now, r.log)
	}
	for _, f := range r.authorities {
		f.look(now, r.log)
	}
	for addr, d := range doors {
		if d.purpose.TLS != nil {
			d.config.Store(r.configure(addr, d))
		}
	}
}

// Report says how every certificate stands, in order of app.
func (r *Ring) Report() []certificate.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []certificate.Status
	for addr, d := range *r.doors.Load() {
		for _, c := range d.choices {
			all = append(all, r.report(addr, d, c)...)
		}
	}
	sortStatus(all)
	return all
}
