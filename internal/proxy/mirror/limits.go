package mirror

import "time"

// Limits bound what mirroring may take. Zero fields get their defaults.
type Limits struct {
	// Workers is how many copies are under way at once (8), Queue how many
	// wait (256).
	Workers int
	Queue   int
	// Bytes bounds all bodies held at once (16 MiB), Body one of them
	// (512 KiB); what is larger is not compared.
	Bytes int64
	Body  int
	// Rate is how many requests are copied in a second at most (100): the old
	// side answers each of them twice.
	Rate float64
	// A copy may take three times as long as the user's request, but at least
	// AtLeast (1 s) and at most AtMost (10 s).
	AtLeast, AtMost time.Duration
	// After Failures (10) copies in a row without an answer from one of the
	// sides, none are made for Rest (5 s).
	Failures int64
	Rest     time.Duration
}

func (l Limits) withDefaults() Limits {
	fill(&l.Workers, 8)
	fill(&l.Queue, 256)
	fill(&l.Bytes, 16<<20)
	fill(&l.Body, 512<<10)
	fill(&l.Rate, 100)
	fill(&l.AtLeast, time.Second)
	fill(&l.AtMost, 10*time.Second)
	fill(&l.Failures, 10)
	fill(&l.Rest, 5*time.Second)
	return l
}

func fill[T int | int64 | float64 | time.Duration](field *T, standard T) {
	if *field <= 0 {
		*field = standard
	}
}

// deadline is how long the copies of a request may take that took so long.
func (l Limits) deadline(took time.Duration) time.Duration {
	return min(max(3*took, l.AtLeast), l.AtMost)
}
