package api

import (
	"fmt"
	"net/http"

	"cutover/internal/engine"
	"cutover/internal/release"
)

func (s *Server) info(w http.ResponseWriter, _ *http.Request) {
	info := s.Info
	info.Generation, info.Leading = s.Reader.Leading()
	answer(w, info)
}

func (s *Server) apps(w http.ResponseWriter, _ *http.Request) {
	answer(w, append([]release.Standing{}, s.Reader.Standings()...))
}

func (s *Server) releases(w http.ResponseWriter, r *http.Request) {
	app := r.URL.Query().Get("app")
	list := []release.State{}
	for _, st := range s.Reader.Releases() {
		if app == "" || st.App == app {
			list = append(list, st)
		}
	}
	answer(w, list)
}

func (s *Server) view(w http.ResponseWriter, r *http.Request) {
	v, ok := s.Reader.View(r.PathValue("name"))
	if !ok {
		s.unknown(w, r.PathValue("name"))
		return
	}
	answer(w, v)
}

func (s *Server) unknown(w http.ResponseWriter, name string) {
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return
	}
	write(w, http.StatusNotFound, Failure{Kind: "unknown", Error: fmt.Sprintf("there is no release named %q; `cutover history` lists them", name)})
}
