package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/keyring"
	"cutover/internal/release"
)

// doors are the addresses the proxy listens on. An address is first bound,
// then, when the table that needs it is in force, served: until then the
// kernel keeps callers waiting instead of the proxy turning them away.
type doors struct {
	handler func(addr string) http.Handler
	rules   func(addr string) guard.Rules
	tally   *guard.Tally
	ring    *keyring.Ring
	log     *slog.Logger

	mu   sync.Mutex
	open map[string]*http.Server
	// listeners and kinds are those of the open doors, see keyring.Ring.Kind;
	// adopted those that another process has handed over for the doors to come.
	listeners map[string]net.Listener
	kinds     map[string]string
	adopted   bound
	leaving   atomic.Bool
	// retired doors take no connections; they go when their requests have
	// ended.
	retired map[*http.Server]bool
}

func newDoors(handler func(addr string) http.Handler, rules func(addr string) guard.Rules, tally *guard.Tally, ring *keyring.Ring, log *slog.Logger) *doors {
	return &doors{
		handler: handler, rules: rules, tally: tally, ring: ring, log: log, open: map[string]*http.Server{}, retired: map[*http.Server]bool{},
		listeners: map[string]net.Listener{}, kinds: map[string]string{},
	}
}

// bound are addresses that are bound but not served yet.
type bound map[string]net.Listener

func (b bound) close() {
	for _, ln := range b {
		ln.Close()
	}
}

// bind binds those of addrs that are not open yet, all or none.
func (d *doors) bind(ctx context.Context, addrs []string) (bound, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := bound{}
	for _, addr := range addrs {
		if _, ok := d.open[addr]; ok {
			continue
		}
		if ln, ok := d.adopted[addr]; ok {
			delete(d.adopted, addr)
			fresh[addr] = ln
			continue
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			fresh.close()
			return nil, listenError(addr, err)
		}
		fresh[addr] = ln
	}
	return fresh, nil
}

func listenError(addr string, err error) error {
	cure := ""
	if errors.Is(err, syscall.EADDRINUSE) {
		_, port, _ := net.SplitHostPort(addr)
		cure = fmt.Sprintf(": another program has it; see which with: ss -ltnp 'sport = :%s', stop that, or choose another address", port)
	}
	if errors.Is(err, syscall.EACCES) {
		cure = ": ports below 1024 need the capability CAP_NET_BIND_SERVICE; choose a higher port or grant it"
	}
	return fmt.Errorf("%w on %s: %w%s", admin.ErrListen, addr, err, cure)
}

// serve opens the doors that were bound.
func (d *doors) serve(fresh bound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.enter(fresh)
}

func (d *doors) enter(fresh bound) {
	for addr, ln := range fresh {
		server := &http.Server{
			Handler: d.parting(d.handler(addr)),
			// The guard applies what is configured.
			ConnContext:    guard.Context,
			ConnState:      guard.State,
			IdleTimeout:    release.MostLimits.Idle,
			MaxHeaderBytes: release.MostLimits.HeaderBytes,
			// OPTIONS * is the app's to answer.
			DisableGeneralOptionsHandler: true,
			ErrorLog:                     slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
		}
		d.open[addr], d.listeners[addr], d.kinds[addr] = server, ln, d.ring.Kind(addr)
		guarded := d.secure(addr, server, ln)
		go func() {
			if err := server.Serve(guarded); !errors.Is(err, http.ErrServerClosed) && !d.leaving.Load() {
				d.log.Error("stopped listening", "address", addr, "error", err)
			}
		}()
	}
}

// keep retires every door that is not in addrs: idle connections close at
// once, others after their request, which nothing cuts.
func (d *doors) keep(addrs []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for addr, server := range d.open {
		if slices.Contains(addrs, addr) {
			continue
		}
		delete(d.open, addr)
		delete(d.listeners, addr)
		delete(d.kinds, addr)
		d.retire(server)
	}
}

func (d *doors) retire(server *http.Server) {
	d.retired[server] = true
	go func() {
		// Ends at the latest with close, which empties the server.
		_ = server.Shutdown(context.Background())
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.retired, server)
	}()
}

// shutdown takes no new connections and returns when all requests have
// ended, or with an error when ctx has.
func (d *doors) shutdown(ctx context.Context) error {
	servers := d.all()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, server := range servers {
		wg.Go(func() { errs[i] = server.Shutdown(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// close cuts what is left.
func (d *doors) close() {
	for _, server := range d.all() {
		server.Close()
	}
}

func (d *doors) all() []*http.Server {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.AppendSeq(slices.Collect(maps.Values(d.open)), maps.Keys(d.retired))
}
