package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"cutover/internal/engine"
	"cutover/internal/release"
)

func (s *Server) plan(w http.ResponseWriter, r *http.Request) {
	if p, ok := s.planned(w, r); ok {
		answer(w, p)
	}
}

func (s *Server) planned(w http.ResponseWriter, r *http.Request) (release.Plan, bool) {
	var files Files
	if !read(w, r, &files) {
		return release.Plan{}, false
	}
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return release.Plan{}, false
	}
	p, err := s.Planner.Plan(r.Context(), files)
	if err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: err.Error()})
		return p, false
	}
	p.Author = who(r)
	return p, true
}

func (s *Server) deploy(w http.ResponseWriter, r *http.Request) {
	if p, ok := s.planned(w, r); ok {
		s.begin(w, r, p)
	}
}

// fullRollback begins the release that brings back what stood before another
// one, with the data of its backup.
func (s *Server) fullRollback(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	v, ok := s.Reader.View(name)
	if !ok {
		s.unknown(w, name)
		return
	}
	p, err := release.FullRollback(v.State, name+"-back")
	if err != nil {
		write(w, http.StatusConflict, Failure{Kind: "refused", Error: err.Error()})
		return
	}
	p.Author = who(r)
	// The older version is tested as it was when it came in.
	for _, past := range s.Reader.Releases() {
		if past.App == p.App && past.Phase == release.Done && past.Plan.To.Digest == p.To.Digest {
			p.Checks, p.Flags = past.Plan.Checks, past.Plan.Flags
		}
	}
	s.begin(w, r, p)
}

// begin records a plan and answers with what became of it.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, p release.Plan) {
	resumed, err := s.Writer.Deploy(r.Context(), p, who(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	lines, err := s.Trail.Lines(r.Context(), 0, "", p.Release, 1)
	if err != nil {
		s.fail(w, fmt.Errorf("release %s is on record: %w", p.Release, err))
		return
	}
	d := Deployed{Release: p.Release, Resumed: resumed}
	if v, ok := s.Reader.View(p.Release); ok && resumed {
		d.Differs = !samePlan(v.State.Plan, p)
	}
	if len(lines) > 0 {
		d.After = lines[0].Seq - 1
	}
	answer(w, d)
}

// samePlan compares plans as they are recorded, whoever made them. The side on
// which nothing serves yet says nothing.
func samePlan(a, b release.Plan) bool {
	a.Author, a.FlagsOff = b.Author, b.FlagsOff
	if a.Component == "" {
		a.Component = b.Component // it was recorded before plans had that
	}
	if a.First() && b.First() {
		a.From = b.From
	}
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func (s *Server) request(w http.ResponseWriter, r *http.Request) {
	var ask Ask
	if !read(w, r, &ask) {
		return
	}
	name := r.PathValue("name")
	if _, ok := s.Reader.View(name); !ok {
		s.unknown(w, name)
		return
	}
	if err := s.Writer.Request(r.Context(), name, release.Verb(r.PathValue("verb")), who(r), ask.Reason); err != nil {
		s.fail(w, err)
		return
	}
	s.view(w, r)
}

func (s *Server) allow(w http.ResponseWriter, r *http.Request) {
	var ask AllowVersion
	if !read(w, r, &ask) {
		return
	}
	if err := s.Writer.Allow(r.Context(), r.PathValue("app"), ask.Version, who(r), ask.Reason); err != nil {
		s.fail(w, err)
		return
	}
	answer(w, struct{}{})
}
