package cli

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"cutover/internal/api"
	"cutover/internal/audit/notary"
	"cutover/internal/backup"
	"cutover/internal/cache/redis"
	"cutover/internal/check"
	"cutover/internal/durable"
	"cutover/internal/engine"
	"cutover/internal/platform"
	"cutover/internal/platform/docker"
	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/process"
	"cutover/internal/pooler"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/schema/driver"
	"cutover/internal/signal/watch"
	"cutover/internal/snapshot"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"
	"cutover/internal/synthetic"
	"cutover/internal/traffic"
	"cutover/internal/traffic/embedded"
	"cutover/internal/traffic/nginx"
)

// ControlOptions say what a controller is put together from.
type ControlOptions struct {
	// State is the folder with everything it keeps.
	State  string
	Logger *slog.Logger
	// WrapJournal, if set, gets the journal and returns the one to use; tests
	// end the process at chosen records with it.
	WrapJournal func(store.Journal) store.Journal
	// Executable is this program, os.Executable if empty.
	Executable string
	// Checkpoints are folders that get copies of the signed checkpoints.
	Checkpoints []string
	// Now, if set, is the engine's clock; tests let it jump.
	Now func() time.Time
}

// control is a controller with all its adapters.
type control struct {
	options    ControlOptions
	journal    *sqlite.Journal
	snapshots  *snapshot.Folder
	processes  *process.Platform
	containers *docker.Platform
	services   *swarm.Platform
	platform   *platform.Set
	proxy      *embedded.Process
	router     *embedded.Router
	traffic    *traffic.Set
	nginx      *nginx.Router
	schema     *driver.Driver
	backups    backup.Keeper
	signals    *watch.Watcher
	synthetic  *synthetic.Sender
	rehearsed  rehearsals
	engine     *engine.Engine
	signed     *notary.Book
}

// openControl puts a controller together. It starts nothing yet.
func openControl(ctx context.Context, o ControlOptions) (*control, error) {
	l := layout(o.State)
	if err := l.make(); err != nil {
		return nil, err
	}
	c := &control{options: o}
	var err error
	if c.options.Executable == "" {
		if c.options.Executable, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
	}
	if c.snapshots, err = snapshot.New(l.snapshots()); err != nil {
		return nil, err
	}
	if c.processes, err = openProcesses(l, c.snapshots, o.Logger); err != nil {
		return nil, err
	}
	if c.containers, err = openContainers(l, c.snapshots, o.Logger); err != nil {
		return nil, err
	}
	if c.services, err = openServices(l, c.snapshots, o.Logger); err != nil {
		return nil, err
	}
	members, err := openPlatforms(l, c.processes, c.containers, c.services, o.Logger)
	if err != nil {
		return nil, err
	}
	c.platform = &platform.Set{Members: members, Uses: c.runtimes}
	key, err := secretKey(l.key())
	if err != nil {
		return nil, err
	}
	c.router = newRouter(l, key)
	c.traffic = &traffic.Set{Members: c.fronts(), Front: c.front}
	c.proxy = newProxyProcess(l, c.options.Executable)
	c.schema = &driver.Driver{Files: c.snapshots, Errand: errands(c.processes)}
	c.backups = backup.Keeper{Path: l.backups(), Needed: c.needed, Warn: func(err error) { o.Logger.Warn("old backups are left", "error", err) }}
	c.rehearsed = rehearsals{schema: c.schema, backups: c.backups, path: l.rehearsals(), snapshots: c.snapshots, logger: o.Logger}
	if c.journal, err = sqlite.Open(ctx, l.journal(), sqlite.Options{}); err != nil {
		return nil, err
	}
	c.signals = watch.New(watch.Options{Readers: newReaders()})
	c.synthetic = synthetic.New()
	c.engine = c.newEngine()
	if err := c.openNotary(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// processes are a member of the platforms.
type processes struct{ *process.Platform }

// Startable implements platform.Member.
func (p processes) Startable(_ context.Context, order release.StartOrder) error {
	return p.Platform.Startable(order)
}

// runtimes names what an app's instances may be on now.
func (c *control) runtimes(app string) []string {
	p, _ := c.engine.Plan(app)
	return platform.Uses(p)
}

// front returns the front of an app's present release.
func (c *control) front(app string) release.Front {
	p, _ := c.engine.Plan(app)
	return p.Front
}

func openProcesses(l layout, files snapshot.Opener, logger *slog.Logger) (*process.Platform, error) {
	return process.New(process.Options{StateDir: l.instances(), ShimArgs: []string{shimName}, Umask: instanceUmask(), Snapshots: files, Logger: logger})
}

func newRouter(l layout, key []byte) *embedded.Router {
	return &embedded.Router{
		Client: admin.NewClient(proxy.SocketIn(l.proxy())),
		Secret: func(salt string) string { return secretOf(key, salt) },
	}
}

func (c *control) newEngine() *engine.Engine {
	var journal store.Journal = c.journal
	if c.options.WrapJournal != nil {
		journal = c.options.WrapJournal(journal)
	}
	return engine.New(engine.Config{
		Platform: c.platform, Traffic: c.traffic, Checks: check.Runner{},
		Cache: &redis.Store{}, Pools: &pooler.Pools{Files: c.snapshots, Path: layout(c.options.State).pools()}, Flags: tellers(layout(c.options.State)),
		Schema: c.schema, Backups: c.backups, Rehearsals: c.rehearsed, Signals: c.signals, Synthetic: c.synthetic, Journal: journal, Leases: c.journal,
		Owner: ownerName(), Gone: ownerGone, TTL: 10 * time.Second, Mask: maskPlan, Now: c.options.Now, Logger: c.options.Logger,
	})
}

func (c *control) close() {
	c.nginx.Close()
	c.synthetic.Close()
	if err := errors.Join(c.containers.Close(), c.services.Close()); err != nil {
		c.options.Logger.Error("end the connections to Docker", "error", err)
	}
	if err := c.signals.Close(); err != nil {
		c.options.Logger.Error("end the watch of the signals", "error", err)
	}
	if err := c.journal.Close(); err != nil {
		c.options.Logger.Error("close the journal", "error", err)
	}
}

func (c *control) server(version string, since time.Time) *api.Server {
	return &api.Server{
		Reader: c.engine, Writer: c.engine, Planner: planner{c}, Adopter: planner{c}, Trail: api.JournalTrail{Journal: c.journal},
		Databases: databases{c.schema, c.backups, c.rehearsed}, Logger: c.options.Logger,
		Info: api.Info{Version: version, PID: os.Getpid(), StateDir: c.options.State, Since: since},
	}
}

// superviseEvery is how often the data plane is looked at: users wait half of
// it, on average, when it was killed. A look takes a fraction of a millisecond.
const superviseEvery = 100 * time.Millisecond

// superviseProxy has the data plane run for as long as this controller does,
// if it is in charge; it never stops it.
func (c *control) superviseProxy(ctx context.Context) {
	tick := time.NewTicker(superviseEvery)
	defer tick.Stop()
	said, seen := "", admin.Health{}
	for {
		changed := c.engine.Changed()
		if _, leading := c.engine.Leading(); leading {
			changed = nil // from here on the pace is its own
			began := time.Now()
			h, err := c.proxy.Ensure(ctx)
			switch {
			case err == nil:
				said = ""
				c.noticeProxy(seen, h, time.Since(began))
				seen = h
			case ctx.Err() == nil && err.Error() != said:
				said = err.Error()
				c.options.Logger.Error("the data plane does not run", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
		}
	}
}

// noticeProxy logs that another data plane runs than before.
func (c *control) noticeProxy(before, now admin.Health, took time.Duration) {
	switch {
	case before.PID == 0 || before.PID == now.PID:
	case before.Epoch == now.Epoch:
		c.options.Logger.Info("another process took the data plane over", "pid", now.PID, "version", now.Version, "before", before.PID)
	default:
		c.options.Logger.Warn("the data plane was gone and runs again; the requests it carried are lost", "pid", now.PID, "before", before.PID,
			"started", took.Round(time.Millisecond), "notice", now.Notice)
	}
}

// secretKey returns the key that private secrets are made with, and makes one
// the first time.
func secretKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == sha256.Size {
		return key, nil
	}
	if err == nil {
		return nil, fmt.Errorf("read %s: it has %d bytes instead of %d; remove it, a new one is made", path, len(key), sha256.Size)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	key = make([]byte, sha256.Size)
	rand.Read(key)
	if err := durable.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("keep the secret key: %w", err)
	}
	return key, nil
}

// secretOf returns the value of the header that leads to the side a release
// brings in. It can be made anew at any time and is never stored.
func secretOf(key []byte, salt string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(salt))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
