package rehearsal

import (
	"math"

	"cutover/internal/schema/postgres/catalogue"
)

// instant is how long a statement may take, in milliseconds, to be taken for
// one that does not depend on the size of its tables.
const instant = 5

// sizes compares the tables of the clone with those of production, by name.
type sizes struct {
	// production is nil if nothing is known of it.
	production *catalogue.Catalogue
}

// bytes returns the size on production, negative if unknown.
func (s sizes) bytes(t catalogue.Table) int64 {
	if s.production == nil {
		return -1
	}
	p, known := s.production.Named(t.String())
	if !known {
		return -1
	}
	return p.Bytes
}

// factor returns by how much the table on production is larger than the
// clone's, at least 1. A clone without the bloat of the original is smaller
// too, and what is read there is read here.
func (s sizes) factor(t catalogue.Table) float64 {
	there := s.bytes(t)
	if there <= 0 || t.Bytes <= 0 {
		return 1
	}
	return max(1, float64(there)/float64(t.Bytes))
}

// grown returns what a time measured on the clone may become, in whole
// milliseconds.
func grown(ms, factor float64) int64 {
	if ms <= instant {
		factor = 1
	}
	return int64(math.Ceil(ms * factor))
}

// expect fills in how long the statements of a step may take on production,
// and returns by how much that is longer than they took here, in milliseconds.
func (s sizes) expect(before catalogue.Catalogue, list []placed) (extra float64) {
	for i := range list {
		factor := 1.0
		for _, l := range list[i].locks {
			if t, ok := before.Table(l.OID); ok {
				factor = max(factor, s.factor(t))
			}
		}
		if list[i].Took <= instant {
			factor = 1
		}
		list[i].Expected = math.Round(list[i].Took*factor*100) / 100
		extra += list[i].Expected - list[i].Took
	}
	return extra
}
