package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// ledger keeps the account. It is safe for concurrent use; each method is
// one step of the account, so that every reading adds up.
type ledger struct {
	mu         sync.Mutex
	requests   Requests
	streams    Streams
	versions   map[string]*versionLedger
	lostBy     map[Reason]uint64
	status     [6]uint64
	mismatched uint64
	skipped    uint64
}

type versionLedger struct {
	Version
	latencies *hdrhistogram.Histogram
}

// Latencies are kept in microseconds with three significant figures.
const (
	slowestKept = int64(2 * time.Minute / time.Microsecond)
	figures     = 3
)

func newLedger() *ledger {
	return &ledger{versions: map[string]*versionLedger{}, lostBy: map[Reason]uint64{}}
}

// begin counts a request, before anything of it is sent.
func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.Sent++
}

// end counts the fate of a request.
func (l *ledger) end(o Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o.Status != 0 {
		l.version(o.Version).seen(o.Sent)
	}
	switch o.Fate {
	case Answered:
		l.requests.Answered++
		l.status[min(max(o.Status/100, 0), 5)]++
		l.answeredBy(o)
	case ClientGone:
		l.requests.ClientGone++
	case Lost:
		l.requests.Lost++
		l.lostBy[o.Reason]++
		if o.Status != 0 {
			l.version(o.Version).Lost++
		}
	}
	if o.Mismatched {
		l.mismatched++
	}
}

func (l *ledger) answeredBy(o Outcome) {
	v := l.version(o.Version)
	v.Requests++
	if o.Status >= 500 {
		v.Errors5xx++
	}
	if o.Kind == GetKind || o.Kind == PostKind {
		late := max(o.Done.Sub(o.Intended).Microseconds(), 1)
		// The value is within the histogram's range, so this cannot fail.
		_ = v.latencies.RecordValue(min(late, slowestKept))
	}
}

func (l *ledger) version(name string) *versionLedger {
	v := l.versions[name]
	if v == nil {
		v = &versionLedger{latencies: hdrhistogram.New(1, slowestKept, figures)}
		l.versions[name] = v
	}
	return v
}

func (v *versionLedger) seen(sent time.Time) {
	if v.FirstSent.IsZero() || sent.Before(v.FirstSent) {
		v.FirstSent = sent
	}
	if sent.After(v.LastSent) {
		v.LastSent = sent
	}
}

// streamBegan turns a request that was begun into a stream.
func (l *ledger) streamBegan(version string, sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.Sent--
	l.streams.Opened++
	v := l.version(version)
	v.Streams++
	v.seen(sent)
}

// streamEnded counts how a stream ended.
func (l *ledger) streamEnded(how streamEnd) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch how {
	case endedCleanly:
		l.streams.EndedCleanly++
	case endedByClient:
		l.streams.EndedByClient++
	case wasCut:
		l.streams.Cut++
	}
}

func (l *ledger) mismatch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mismatched++
}

func (l *ledger) skip() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skipped++
}

// read returns the account as it stands.
func (l *ledger) read() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := Report{
		Requests: l.requests, Streams: l.streams, Status: l.status,
		ProxyErrors: l.lostBy[ByProxy], Mismatched: l.mismatched, Skipped: l.skipped,
		Versions: make(map[string]Version, len(l.versions)),
		LostBy:   make(map[Reason]uint64, len(l.lostBy)),
	}
	for reason, n := range l.lostBy {
		r.LostBy[reason] = n
	}
	for name, v := range l.versions {
		copied := v.Version
		copied.P50 = time.Duration(v.latencies.ValueAtQuantile(50)) * time.Microsecond
		copied.P99 = time.Duration(v.latencies.ValueAtQuantile(99)) * time.Microsecond
		copied.Max = time.Duration(v.latencies.Max()) * time.Microsecond
		r.Versions[name] = copied
	}
	return r
}
