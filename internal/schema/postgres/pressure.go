package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/pace"
)

const (
	// probeEvery is the time between two probes, half of it before the fill;
	// window is how far back they count; calmProbes is how many are made before
	// a fill begins.
	probeEvery = 20 * time.Millisecond
	window     = 3 * time.Second
	calmProbes = 100
	// unfelt is a latency that counts as idle whatever the idle figure is:
	// nobody feels what happens below it.
	unfelt = time.Millisecond
)

// watch looks at how the database fares, on a connection of its own, as a
// user would: it reads a row and commits something that has to reach the disk.
type watch struct {
	*session
	table  string
	pages  int64
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	probes  []probe
	pending time.Time // when the probe was sent that has no answer yet
	idle    time.Duration
	late    pace.Load // of the replicas
	blind   bool      // some replicas do not show how late they are
}

// probe is one look.
type probe struct {
	at   time.Time
	took time.Duration
}

// startWatch begins to look, and returns when it knows what is usual.
func (s *session) startWatch(ctx context.Context, p pair, pages int64) (*watch, error) {
	conn, err := s.openProbe(ctx)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	w := &watch{session: s, table: s.name(p.Table), pages: pages, cancel: cancel, ended: make(chan struct{})}
	usual := make(chan struct{})
	go w.run(running, conn, usual)
	select {
	case <-usual:
		return w, nil
	case <-ctx.Done():
		w.close()
		return nil, fmt.Errorf("measuring the database before the fill: %w", ctx.Err())
	case <-time.After(s.patience()):
		w.close()
		return nil, fmt.Errorf("measuring the database before the fill: %w: %d small transactions did not end within %s", ErrBusy, calmProbes, s.patience())
	}
}

// openProbe connects.
func (s *session) openProbe(ctx context.Context) (*pgx.Conn, error) {
	conn, err := s.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to watch the database: %w", err)
	}
	if _, err := conn.Exec(ctx, "SET application_name = 'cutover watch'"); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("preparing to watch the database: %w", err)
	}
	return conn, nil
}

// close ends the watch and waits until its connection is gone.
func (w *watch) close() {
	w.cancel()
	<-w.ended
}

// run looks again and again. When its connection is lost it makes another;
// until it has one, the probe that got no answer tells how bad it is.
func (w *watch) run(ctx context.Context, conn *pgx.Conn, usual chan<- struct{}) {
	defer close(w.ended)
	var asked time.Time
	for n := 1; ctx.Err() == nil; n++ {
		var err error
		if conn == nil {
			conn, err = w.openProbe(ctx)
		} else if err = w.look(ctx, conn); err == nil && time.Since(asked) > time.Second {
			asked = time.Now()
			err = w.replicas(ctx, conn)
		}
		if err != nil {
			if conn != nil {
				_ = conn.Close(ctx)
				conn = nil
			}
			w.miss()
			w.report("the database cannot be watched: " + err.Error())
		}
		if usual != nil && w.settle() {
			close(usual)
			usual = nil
		}
		pause := probeEvery
		switch {
		case err != nil:
			pause = time.Second
		case usual != nil:
			pause = probeEvery / 2
		}
		if rest(ctx, pause) != nil {
			break
		}
	}
	if conn != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		// The server notices a connection that could not be closed well.
		_ = conn.Close(closing)
	}
}

// miss notes that there is no answer, from now on if there was one until now.
func (w *watch) miss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending.IsZero() {
		w.pending = time.Now()
	}
}

// look makes one probe. The message it commits is one that nobody reads; it
// leaves no row behind.
func (w *watch) look(ctx context.Context, conn *pgx.Conn) error {
	began := time.Now()
	w.miss()
	sql := fmt.Sprintf("SELECT (SELECT count(*) FROM %s WHERE ctid = '(%d,1)'::tid), pg_logical_emit_message(true, 'cutover', '')", w.table, rand.Int64N(max(w.pages, 1)))
	if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("making a small transaction: %w", err)
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = time.Time{}
	w.probes = append(w.probes, probe{at: now, took: now.Sub(began)})
	if len(w.probes) > 2*calmProbes && now.Sub(w.probes[0].at) > window {
		w.probes = slices.DeleteFunc(w.probes, func(p probe) bool { return now.Sub(p.at) > window })
	}
	return nil
}

// settle fixes what is usual once there are enough probes, and reports
// whether it has.
func (w *watch) settle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.probes) < calmProbes {
		return false
	}
	w.idle = max(unfelt, typical(w.probes))
	return true
}

// typical is what nineteen of twenty probes did not exceed. Of a few seconds'
// probes the hundredth is an accident.
func typical(probes []probe) time.Duration {
	var all []time.Duration
	for _, p := range probes {
		all = append(all, p.took)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)*19/20]
}

// load returns what the last seconds have shown.
func (w *watch) load(now time.Time) pace.Load {
	w.mu.Lock()
	defer w.mu.Unlock()
	recent := slices.DeleteFunc(slices.Clone(w.probes), func(p probe) bool { return now.Sub(p.at) > window })
	took := typical(recent)
	if !w.pending.IsZero() {
		took = max(took, now.Sub(w.pending))
	}
	l := w.late
	l.Latency = float64(took) / float64(w.idle)
	return l
}

// replicas asks how late those are that follow this server.
func (w *watch) replicas(ctx context.Context, conn *pgx.Conn) error {
	var late float64
	var behind, unseen int64
	err := conn.QueryRow(ctx, `SELECT coalesce(max(extract(epoch FROM replay_lag)), 0)::float8,
			coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::bigint, count(*) FILTER (WHERE state IS NULL)
		FROM pg_stat_replication`).Scan(&late, &behind, &unseen)
	if err != nil {
		return fmt.Errorf("asking how late the replicas are: %w", err)
	}
	if unseen > 0 && !w.blind {
		w.blind = true
		w.report("how late the replicas are is hidden from " + schema.Quote(conn.Config().User) + "; the backfill cannot wait for them: grant it pg_monitor")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = pace.Load{Lag: time.Duration(late * float64(time.Second)), Behind: behind}
	return nil
}
