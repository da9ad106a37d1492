package crashtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"cutover/internal/cli"
	"cutover/internal/store"
)

// doomedCommand runs a controller that kills itself at a place in the journal.
const doomedCommand = "serve-doomed"

// place is where a controller dies: right before or right after record Seq
// becomes part of the journal.
type place struct {
	Seq   int64
	After bool
}

// next is the place that follows.
func (p place) next() place {
	if p.After {
		return place{Seq: p.Seq + 1}
	}
	return place{Seq: p.Seq, After: true}
}

func (p place) String() string {
	if p.After {
		return fmt.Sprintf("%d+", p.Seq)
	}
	return fmt.Sprintf("%d-", p.Seq)
}

func parsePlace(s string) (p place, err error) {
	number, after := strings.CutSuffix(s, "+")
	p.After = after
	p.Seq, err = strconv.ParseInt(strings.TrimSuffix(number, "-"), 10, 64)
	return p, err
}

// doomed is a journal whose process does not outlive one of its records. No
// deferred function runs and nothing is flushed: it is kill -9.
type doomed struct {
	store.Journal
	at place
}

// exitMissed says that the journal did not stand where the controller was to
// die: a record was lost, or came twice.
const exitMissed = 70

// Append kills the process if its place has come.
func (d doomed) Append(ctx context.Context, lease store.Lease, after int64, records []store.Record, states []store.State) (store.Head, error) {
	if after+1 != d.at.Seq || len(records) != 1 {
		fmt.Fprintf(os.Stderr, "MISSED %s: %d records are to follow record %d\n", d.at, len(records), after)
		os.Exit(exitMissed)
	}
	if !d.at.After {
		d.die(records[0])
	}
	head, err := d.Journal.Append(ctx, lease, after, records, states)
	if err == nil {
		d.die(records[0])
	}
	return head, err
}

func (d doomed) die(r store.Record) {
	fmt.Fprintf(os.Stderr, "DIES %s %s %s\n", d.at, r.Type, r.Data)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// serveDoomed is `cutover serve` with a doomed journal.
func serveDoomed(args []string) int {
	if err := runDoomed(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runDoomed(args []string) error {
	if len(args) != 2 {
		return errors.New("a doomed controller needs its state folder and its place")
	}
	at, err := parsePlace(args[1])
	if err != nil {
		return fmt.Errorf("read the place: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return cli.Serve(ctx, cli.ControlOptions{
		State: args[0], Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		WrapJournal: func(j store.Journal) store.Journal { return doomed{j, at} },
	})
}
