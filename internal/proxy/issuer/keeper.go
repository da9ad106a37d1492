package issuer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/release"
)

// Options say how a Keeper works. The zero value is right outside of tests.
type Options struct {
	// Log takes what happens; nothing is logged if nil.
	Log *slog.Logger
	// Now is the clock that validity is judged by; time.Now if nil.
	Now func() time.Time
	// Look is how often the clock is looked at for a renewal; 1 min if 0.
	Look time.Duration
	// Retry is the pause after a failure, doubled with each further one up to
	// 64 times as much; 2 min if 0, so that an authority that allows five
	// failures an hour is not provoked.
	Retry time.Duration
	// Try bounds one try; 3 min if 0.
	Try time.Duration
}

// Want asks for a certificate.
type Want struct {
	ACME release.ACME
	// HTTP says that the answers of the Keeper are also served by plain HTTP,
	// so that the authority may look there.
	HTTP bool
}

func (w Want) same(o Want) bool { return w.HTTP == o.HTTP && w.ACME.SameIssuer(&o.ACME) }

// Keeper keeps a certificate for each domain that is wanted.
type Keeper struct {
	options Options
	dir     string
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup
	proofs  proofs
	// slots bounds how many orders are under way.
	slots chan struct{}

	mu       sync.Mutex
	accounts map[string]*account
	domains  map[string]*domain
}

// atOnce is how many orders may be under way.
const atOnce = 4

// New returns a keeper that stores what it gets in dir, which need not exist.
func New(dir string, o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Look, o.Retry, o.Try = orElse(o.Look, time.Minute), orElse(o.Retry, 2*time.Minute), orElse(o.Try, 3*time.Minute)
	k := &Keeper{options: o, dir: dir, slots: make(chan struct{}, atOnce), accounts: map[string]*account{}, domains: map[string]*domain{}}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

func orElse(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// Follow keeps certificates for the domains in wants and for no others. What
// is on disk is there at once; what is not is ordered in the background.
func (k *Keeper) Follow(wants map[string]Want) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, d := range k.domains {
		if w, ok := wants[name]; !ok || !w.same(d.want) {
			d.cancel()
			delete(k.domains, name)
		}
	}
	for name, w := range wants {
		if _, ok := k.domains[name]; ok || k.ctx.Err() != nil {
			continue
		}
		d := &domain{keeper: k, name: name, want: w, account: k.account(w.ACME)}
		d.ctx, d.cancel = context.WithCancel(k.ctx)
		d.load()
		k.domains[name] = d
		k.done.Go(d.run)
	}
}

// Certificate returns the certificate for a domain, nil if there is none yet.
func (k *Keeper) Certificate(name string) *tls.Certificate {
	if d := k.domain(name); d != nil {
		return d.held.Load()
	}
	return nil
}

// Problem says why there is no certificate for a domain, or why it could not
// be renewed when last tried; "" if nothing is wrong.
func (k *Keeper) Problem(name string) string {
	d := k.domain(name)
	if d == nil {
		return ""
	}
	if p := d.problem.Load(); p != nil {
		return *p
	}
	if d.held.Load() == nil {
		return "the certificate is being ordered from " + d.want.ACME.Directory
	}
	return ""
}

// Close gives up what is under way and returns when all of it has ended.
func (k *Keeper) Close() {
	k.cancel()
	k.done.Wait()
}

func (k *Keeper) domain(name string) *domain {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.domains[name]
}

// domain is one name to keep a certificate for.
type domain struct {
	keeper  *Keeper
	name    string
	want    Want
	account *account
	ctx     context.Context
	cancel  context.CancelFunc
	held    atomic.Pointer[tls.Certificate]
	problem atomic.Pointer[string]
}

func (d *domain) load() {
	c, err := d.account.vault.load(d.name, d.keeper.options.Now())
	switch {
	case err != nil:
		d.trouble(fmt.Errorf("read the certificate that was kept: %w", err))
	case c != nil:
		d.held.Store(c)
	}
}

// run orders and renews until the domain is not wanted any more.
func (d *domain) run() {
	o := d.keeper.options
	failures := 0
	for {
		pause := o.Look
		if d.due() {
			if err := d.renew(); err != nil {
				pause = backoff(o.Retry, failures)
				failures++
				d.trouble(fmt.Errorf("%w; next try in %s", err, pause.Round(time.Second)))
			} else {
				failures = 0
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-d.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// due: a certificate is renewed when two thirds of its time are over.
func (d *domain) due() bool {
	c := d.held.Load()
	if c == nil {
		return true
	}
	life := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore)
	return d.keeper.options.Now().After(c.Leaf.NotBefore.Add(life * 2 / 3))
}

func (d *domain) renew() error {
	select {
	case d.keeper.slots <- struct{}{}:
		defer func() { <-d.keeper.slots }()
	case <-d.ctx.Done():
		return d.ctx.Err()
	}
	ctx, cancel := context.WithTimeout(d.ctx, d.keeper.options.Try)
	defer cancel()
	fresh, err := d.account.order(ctx, d.name, d.want.HTTP, &d.keeper.proofs)
	if err != nil {
		return fmt.Errorf("get a certificate for %s from %s: %w", d.name, d.want.ACME.Directory, err)
	}
	d.held.Store(fresh)
	d.problem.Store(nil)
	d.keeper.options.Log.Info("certificate issued", "domain", d.name, "until", fresh.Leaf.NotAfter)
	// A certificate that could not be kept serves until the process ends.
	if err := d.account.vault.save(d.name, fresh); err != nil {
		return fmt.Errorf("keep the certificate for %s: %w", d.name, err)
	}
	return nil
}

func (d *domain) trouble(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	text := err.Error()
	d.problem.Store(&text)
	d.keeper.options.Log.Warn("certificate missing or not renewed", "domain", d.name, "error", err)
}

// backoff doubles with each failure, up to 64 times, and is spread by a tenth
// so that many domains do not come back in the same moment.
func backoff(first time.Duration, failures int) time.Duration {
	pause := first << min(failures, 6)
	return pause + rand.N(pause/10+1)
}
