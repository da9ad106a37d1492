package api

import (
	"context"
	"net/http"

	"cutover/internal/engine"
	"cutover/internal/release"
)

// Adoption names an app that runs already and is to be taken in as it is:
// by its processes, its unit, its container, or its addresses alone.
type Adoption struct {
	// Paths are the files with the app, absolute.
	Paths []string `json:"paths"`
	// App picks one if the files have several.
	App     string `json:"app,omitempty"`
	Version string `json:"version"`
	// Name is that of the release that goes on record, made up if empty.
	Name string `json:"name,omitempty"`
	// Pids are processes of this machine, one an instance.
	Pids      []int  `json:"pids,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Container string `json:"container,omitempty"`
	// Addresses, host:port, are in the order of the instances.
	Addresses []string `json:"addresses,omitempty"`
	// Restartable says that the command of the app file starts this version too.
	Restartable bool `json:"restartable,omitempty"`
}

// Adopter makes the plan that takes in what runs already. It touches nothing.
type Adopter interface {
	// Adopt returns the plan, or an error that says what cannot be adopted and
	// what to do about it.
	Adopt(ctx context.Context, a Adoption) (release.Plan, error)
}

// adopt records the plan of an adoption. It is safe to repeat.
func (s *Server) adopt(w http.ResponseWriter, r *http.Request) {
	var ask Adoption
	if !read(w, r, &ask) {
		return
	}
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return
	}
	p, err := s.Adopter.Adopt(r.Context(), ask)
	if err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: err.Error()})
		return
	}
	p.Author = who(r)
	s.begin(w, r, p)
}

// Adopt takes in an app that runs already.
func (c *Client) Adopt(ctx context.Context, a Adoption) (Deployed, error) {
	var d Deployed
	return d, c.post(ctx, "/v1/adopt", a, &d)
}
