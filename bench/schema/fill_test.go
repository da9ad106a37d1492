package filling

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// figures are what one run of a variant cost.
type figures struct {
	wall, fill         time.Duration
	log, heap, indexes float64 // bytes written to the log, growth of the files in %
	felt               felt
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		g := newGround(b)
		g.pgroll = findPgroll(b)
		alone, beside := map[string][]figures{}, map[string][]figures{}
		for round := range *rounds {
			for _, v := range variants {
				if v.name == "pgroll" && g.pgroll.absent != "" {
					continue
				}
				if v.alone {
					alone[v.name] = append(alone[v.name], g.run(b, v, false))
				}
				if v.beside {
					beside[v.name] = append(beside[v.name], g.run(b, v, true))
				}
			}
			b.Logf("round %d of %d is over", round+1, *rounds)
		}
		report(b, g, alone, beside)
	}
}

// run measures one variant once, on a copy of its own.
func (g *ground) run(b *testing.B, v variant, withUsers bool) figures {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), limit)
	defer cancel()
	database := g.fresh(b)
	defer g.drop(b, database)
	if v.name == "pgroll" {
		if err := g.pgroll.prepare(ctx, g.server.LoopbackDSN(database)); err != nil {
			b.Fatal(err)
		}
	}
	var before, after size
	look := func(s *size) {
		if err := on(ctx, g.server.DSN(database), func(conn *pgx.Conn) (err error) {
			*s, err = measure(ctx, conn)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	look(&before)
	var u *users
	if withUsers {
		u = startUsers(b, g, database)
		// Their caches and plans are not what is measured.
		<-time.After(2 * time.Second)
	}
	began := time.Now()
	fill, err := v.fill(ctx, g, database)
	ended := time.Now()
	if err != nil {
		b.Fatalf("%s: %v", v.name, err)
	}
	look(&after)
	f := figures{wall: ended.Sub(began), fill: fill, log: float64(after.log - before.log),
		heap: growth(before.heap, after.heap), indexes: growth(before.indexes, after.indexes)}
	if withUsers {
		if f.felt, err = u.end(began, ended); err != nil {
			b.Fatalf("a user beside %s: %v", v.name, err)
		}
	}
	return f
}

func growth(before, after int64) float64 { return 100 * float64(after-before) / float64(before) }
