package sample

import (
	"net/http"
)

// The headers that say who answered what.
const (
	VersionHeader   = "X-App-Version"
	InstanceHeader  = "X-Instance"
	RequestIDHeader = "X-Request-Id"
)

const longestID = 128

// signed puts the version, the instance and the request's id on every
// answer, and the request in the log before anything is done for it. A
// request that cannot be logged is refused: it would be missing in the
// accounts.
func (s *shop) signed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(VersionHeader, s.version)
		w.Header().Set(InstanceHeader, s.instance)
		if id := requestID(r); id != "" {
			w.Header().Set(RequestIDHeader, id)
			err := s.log.append(Entry{ID: id, Method: r.Method, Path: r.URL.Path, Version: s.version, Instance: s.instance})
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// requestID returns the id a request came with, "" if it has none or one
// that would not fit on a line of the log.
func requestID(r *http.Request) string {
	id := r.Header.Get(RequestIDHeader)
	if len(id) > longestID {
		return ""
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return id
}

// flawed answers the requests that this version fails.
func (s *shop) flawed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if Fails(s.behaviour.FailShare, requestID(r)) {
			http.Error(w, "the shop has lost its till", http.StatusInternalServerError)
			return
		}
		next(w, r)
	}
}
