package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/backup"
)

// most is how many statements are tried, the most frequent first.
const most = 5000

// trial is how one statement fared when it was prepared and planned.
type trial struct {
	// judged says that something can be said: the server was not merely busy.
	judged bool
	// prepared and planned say how far it came; err is why not further.
	prepared, planned bool
	err               *pgconn.PgError
	// result names the columns that come back, with their types.
	result []string
}

// corpus is the old code's statements, each once.
func corpus(list []Usage) []OldStatement {
	var out []OldStatement
	seen := map[string]int{}
	for _, u := range list {
		for _, s := range u.Statements {
			key := s.SearchPath + "\x00" + plain(s.Text)
			if i, twice := seen[key]; twice {
				out[i].Calls += s.Calls
				continue
			}
			seen[key] = len(out)
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b OldStatement) int { return cmp.Compare(b.Calls, a.Calls) })
	return out
}

// try prepares and plans all statements on the clone. Nothing is executed.
func try(ctx context.Context, clone backup.Source, list []OldStatement) ([]trial, error) {
	conn, err := clone.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(conn)
	if _, err := conn.Exec(ctx, "SET statement_timeout = '10s'; SET lock_timeout = '2s'"); err != nil {
		return nil, fmt.Errorf("limit the session: %w", err)
	}
	var own string
	if err := conn.QueryRow(ctx, "SELECT current_setting('search_path')").Scan(&own); err != nil {
		return nil, fmt.Errorf("ask for the search_path: %w", err)
	}
	trials, path := make([]trial, len(list)), own
	for i, s := range list[:min(len(list), most)] {
		if !preparable.MatchString(plain(s.Text)) {
			continue
		}
		if want := cmp.Or(s.SearchPath, own); want != path {
			if _, err := conn.Exec(ctx, "SELECT set_config('search_path', $1, false)", want); err != nil {
				continue
			}
			path = want
		}
		if trials[i], err = tryOne(ctx, conn, s.Text); err != nil {
			return nil, fmt.Errorf("prepare the old code's statements: %w", err)
		}
	}
	return trials, nil
}

// tryOne tries one statement. An error means that the connection is of no use
// any longer.
func tryOne(ctx context.Context, conn *pgx.Conn, text string) (t trial, err error) {
	const name = "cutover_trial"
	pc := conn.PgConn()
	description, err := pc.Prepare(ctx, name, text, nil)
	if err != nil {
		return t, t.failed(err)
	}
	t.judged, t.prepared = true, true
	for _, f := range description.Fields {
		t.result = append(t.result, fmt.Sprintf("%s of type %d", f.Name, f.DataTypeOID))
	}
	execute := "EXPLAIN EXECUTE " + name
	if n := len(description.ParamOIDs); n > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", n), ", ") + ")"
	}
	// Planning finds what parsing does not: the index an ON CONFLICT needs,
	// rights, views that do not work any more.
	if _, err := pc.Exec(ctx, execute).ReadAll(); err != nil {
		if err := t.failed(err); err != nil {
			return t, err
		}
	} else {
		t.planned = true
	}
	if err := pc.Deallocate(ctx, name); err != nil {
		return t, err
	}
	return t, nil
}

// failed notes what the server said. Only what it did not say is returned.
func (t *trial) failed(err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return err
	}
	t.err = server
	// 57014, 55P03: it took too long; somebody holds a lock.
	t.judged = server.Code != "57014" && server.Code != "55P03"
	return nil
}

// weigh compares how the statements fared before and after.
func weigh(list []OldStatement, before, after []trial) (p Proof, reasons []Reason) {
	p.Given = len(list)
	for i, s := range list {
		b, a := before[i], after[i]
		switch {
		case !b.judged || !a.judged || !b.prepared:
			p.Unjudged++
		case !a.prepared || b.planned && !a.planned:
			p.Broken++
			reasons = gather(reasons, Reason{ID: "statement-broken", Verdict: Destructive, What: "a statement of the old code fails: " + a.err.Message,
				Why: "the old code does not work on the new schema", Evidence: []string{shown(s.Text) + called(s.Calls)}})
		default:
			p.Proven++
			reasons = gather(reasons, otherResult(s, b, a)...)
		}
	}
	return p, reasons
}

// shownEvidence is how many statements are kept as evidence of one reason.
const shownEvidence = 10

// gather adds reasons, those that say the same as one.
func gather(list []Reason, more ...Reason) []Reason {
	for _, m := range more {
		i := slices.IndexFunc(list, func(r Reason) bool { return r.ID == m.ID && r.What == m.What })
		if i < 0 {
			list = append(list, m)
		} else if len(list[i].Evidence) < shownEvidence {
			list[i].Evidence = append(list[i].Evidence, m.Evidence...)
		}
	}
	return list
}

// otherResult is about a statement that still works and brings back something
// else.
func otherResult(s OldStatement, b, a trial) []Reason {
	if slices.Equal(a.result, b.result) {
		return nil
	}
	r := Reason{ID: "result-changed", Verdict: NeedsCare, What: "a statement of the old code brings back other columns or types",
		Why: "code that takes columns by their place, or their type for granted, may fail", Evidence: []string{shown(s.Text) + called(s.Calls)}}
	if len(a.result) > len(b.result) && slices.Equal(a.result[:len(b.result)], b.result) {
		r.ID, r.Verdict, r.What = "result-longer", Compatible, "a statement of the old code brings back more columns"
		r.Why = "code that takes all columns there are gets some it does not know"
	}
	return []Reason{r}
}

func called(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (ran %d times)", n)
}
