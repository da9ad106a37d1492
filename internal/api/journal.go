package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// longestWait bounds how long a reader may wait for new records.
const longestWait = 25 * time.Second

// patience returns how long a reader waits who asked for so many seconds.
func patience(seconds int64) time.Duration {
	return time.Duration(min(seconds, int64(longestWait/time.Second))) * time.Second
}

// journal returns records; with wait it holds the answer back until there is
// at least one, that many seconds have passed, or the server is closing.
func (s *Server) journal(w http.ResponseWriter, r *http.Request, closing <-chan struct{}) {
	q := r.URL.Query()
	after, err1 := number(q.Get("after"))
	limit, err2 := number(q.Get("limit"))
	wait, err3 := number(q.Get("wait"))
	if err := errors.Join(err1, err2, err3); err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: "after, limit and wait are whole numbers: " + err.Error()})
		return
	}
	deadline := time.NewTimer(patience(wait))
	defer deadline.Stop()
	for {
		changed := s.Reader.Changed()
		lines, err := s.Trail.Lines(r.Context(), after, q.Get("app"), q.Get("release"), int(limit))
		if err != nil {
			s.fail(w, err)
			return
		}
		if len(lines) > 0 || wait == 0 {
			answer(w, append([]Line{}, lines...))
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			wait = 0
		case <-closing:
			wait = 0
		case <-r.Context().Done():
			return
		}
	}
}

func number(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && n < 0 {
		err = fmt.Errorf("%d is negative", n)
	}
	return n, err
}
