package file

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cutover/internal/config"
	"cutover/internal/load"
)

const (
	// usualTime is how long a load goes on that does not say.
	usualTime = 30 * time.Second
	// usualLimit is the most it may take to do a number of iterations.
	usualLimit = time.Hour
)

// stages returns how much is sent, and who decides when.
func (s spec) stages(r reader) (load.Model, []load.Stage) {
	if len(s.Stages) == 0 {
		model, one := s.single(r)
		return model, []load.Stage{one}
	}
	for _, key := range []string{"rate", "users", "for"} {
		if r.file.Has("spec." + key) {
			r.file.Report("spec."+key, "it says again what the stages say", "remove it, or the stages")
		}
	}
	model := load.Model("")
	var list []load.Stage
	for i, one := range s.Stages {
		at := fmt.Sprintf("spec.stages[%d]", i)
		m, from, to := r.level(at, one.Rate, one.Users)
		if model != "" && m != "" && m != model {
			r.file.Report(at, "one stage has a rate and another has users", "say one of the two in all stages")
		}
		if m != "" {
			model = m
		}
		list = append(list, load.Stage{From: from, To: to, Lasts: time.Duration(one.For)})
	}
	return model, list
}

// single is the one stage of a file without stages.
func (s spec) single(r reader) (load.Model, load.Stage) {
	model, from, to := r.level("spec", s.Rate, s.Users)
	lasts := time.Duration(s.For)
	if !r.file.Has("spec.for") {
		lasts = usualTime
		if s.Iterations > 0 {
			lasts = usualLimit
		}
	}
	return model, load.Stage{From: from, To: to, Lasts: lasts}
}

// level reads the rate or the number of users at a path.
func (r reader) level(at string, rate, users config.Text) (model load.Model, from, to float64) {
	var err error
	switch {
	case rate != "" && users != "":
		r.file.Report(at+".users", "rate and users are two ways to say how much is sent", "keep one of them")
	case rate != "":
		model = load.Open
		from, to, err = span(string(rate), load.ParseRate)
		r.report(at+".rate", err)
	case users != "":
		model = load.Closed
		from, to, err = span(string(users), readUsers)
		r.report(at+".users", err)
	default:
		if r.file.Err() == nil {
			r.file.Report(at, "it does not say how much is sent", "add rate: 100/s (the clock decides when) or users: 50 (they wait for their answers)")
		}
	}
	return model, from, to
}

func readUsers(text string) (float64, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, &load.Flaw{Reason: strconv.Quote(text) + " is not a number of users", Cure: "write one such as 50, or 0..50 to go from one to the other"}
	}
	return float64(n), nil
}

// span reads a value, or two with .. between them.
func span[T any](text string, read func(string) (T, error)) (from, to T, err error) {
	first, second, two := strings.Cut(text, "..")
	if from, err = read(strings.TrimSpace(first)); err != nil || !two {
		return from, from, err
	}
	to, err = read(strings.TrimSpace(second))
	return from, to, err
}
