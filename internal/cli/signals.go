package cli

import (
	"io"

	"cutover/internal/cache/redis"
	"cutover/internal/metrics/endpoint"
	"cutover/internal/metrics/logs"
	"cutover/internal/metrics/pgbouncer"
	"cutover/internal/metrics/postgres"
	"cutover/internal/metrics/process"
	"cutover/internal/metrics/prometheus"
	"cutover/internal/release"
	"cutover/internal/signal"
)

// newReaders returns a reader for every kind of source.
func newReaders() map[signal.Kind]signal.Reader {
	return map[signal.Kind]signal.Reader{
		signal.Prometheus: prometheus.New(), signal.Endpoint: endpoint.New(), signal.Postgres: postgres.New(),
		signal.PgBouncer: pgbouncer.New(), signal.Process: process.New(), signal.Log: logs.New(), signal.Cache: redis.NewReader(),
	}
}

// acceptSignal says what is wrong with the query of a signal. It asks nobody.
func acceptSignal(s signal.Signal) error {
	r, ok := newReaders()[s.Source.Kind]
	if !ok {
		return nil // the form of the file refuses it already
	}
	return r.Check(s)
}

// writeSignals prints what each signal and condition says, each line after
// indent.
func (s *session) writeSignals(w io.Writer, indent string, v release.Verdict) {
	t := &table{}
	for _, f := range v.Signals {
		t.row(indent+f.Name, f.Role, s.paint(w, signalColour(f.Verdict), f.Verdict), f.Reason)
	}
	t.write(w)
}

func signalColour(verdict string) colour {
	switch verdict {
	case signal.Fine.String():
		return green
	case signal.Breached.String(), signal.BothBreached.String(), signal.ToPause.String():
		return red
	}
	return yellow
}
