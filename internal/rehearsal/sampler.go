package rehearsal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup/scratch"
)

// pulse is the time between two samples.
const pulse = 50 * time.Millisecond

// transaction identifies one transaction of one session.
type transaction struct {
	pid   int32
	began time.Time
}

// sample is what was seen of one statement in one transaction.
type sample struct {
	transaction
	query string
	// since is when the server began it, last until when it is known to have
	// run.
	since, last time.Time
	locks       []heldLock
}

// sampler looks about twenty times a second who works on the clone and which
// strong locks that takes. It looks from another database of the server, so
// that it is not a user of the clone itself.
type sampler struct {
	conn     *pgx.Conn
	database string
	stop     context.CancelFunc
	ended    chan struct{}

	mu      sync.Mutex
	samples []*sample
	// ends is when a transaction was last seen.
	ends  map[transaction]time.Time
	taken int
	err   error
}

const look = `SELECT a.pid, coalesce(a.xact_start, 'epoch'), coalesce(a.query_start, 'epoch'), left(coalesce(a.query, ''), 4000), clock_timestamp(),
		CASE WHEN a.state LIKE 'idle%' THEN a.state_change ELSE clock_timestamp() END,
		coalesce(array_agg(l.relation::int8) FILTER (WHERE l.mode IS NOT NULL), '{}'), coalesce(array_agg(l.mode) FILTER (WHERE l.mode IS NOT NULL), '{}')
	FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'relation' AND l.database = a.datid AND l.granted AND l.mode IN ` + strong + `
	WHERE a.datname = $1 AND a.backend_type = 'client backend' AND (a.xact_start IS NOT NULL OR l.pid IS NOT NULL) GROUP BY 1, 2, 3, 4, a.state, a.state_change`

// startSampling begins to look. Whoever started it ends it by finish.
func startSampling(ctx context.Context, connect scratch.Connect, database string) (*sampler, error) {
	conn, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &sampler{conn: conn, database: database, ended: make(chan struct{}), ends: map[transaction]time.Time{}}
	ctx, s.stop = context.WithCancel(ctx)
	go s.loop(ctx)
	return s, nil
}

func (s *sampler) loop(ctx context.Context) {
	defer close(s.ended)
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		if err := s.take(ctx); err != nil {
			if ctx.Err() == nil {
				s.mu.Lock()
				s.err = fmt.Errorf("sample the locks: %w", err)
				s.mu.Unlock()
			}
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// take takes one sample.
func (s *sampler) take(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, look, s.database)
	if err != nil {
		return err
	}
	defer rows.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken++
	for rows.Next() {
		var at sample
		var now time.Time
		var oids []int64
		var modes []string
		if err := rows.Scan(&at.pid, &at.began, &at.since, &at.query, &now, &at.last, &oids, &modes); err != nil {
			return err
		}
		for i, oid := range oids {
			at.locks = append(at.locks, heldLock{uint32(oid), modes[i]})
		}
		s.add(at, now)
	}
	return rows.Err()
}

// add joins what was seen now to what was seen of the same statement before.
func (s *sampler) add(at sample, now time.Time) {
	s.ends[at.transaction] = now
	for i := len(s.samples) - 1; i >= 0; i-- {
		old := s.samples[i]
		if old.transaction == at.transaction && old.since.Equal(at.since) && old.query == at.query {
			old.last = at.last
			for _, l := range at.locks {
				if !holds(old.locks, l) {
					old.locks = append(old.locks, l)
				}
			}
			return
		}
	}
	s.samples = append(s.samples, &at)
}

// finish ends the sampling and returns what was seen.
func (s *sampler) finish() ([]*sample, map[transaction]time.Time, int, error) {
	s.stop()
	<-s.ended
	closeConn(s.conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.samples, s.ends, s.taken, s.err
}

func holds(locks []heldLock, l heldLock) bool {
	for _, have := range locks {
		if have == l {
			return true
		}
	}
	return false
}
