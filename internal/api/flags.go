package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cutover/internal/engine"
	"cutover/internal/release"
)

// SwitchFlag says how a flag is to be, for one version or one component where
// they are named.
type SwitchFlag struct {
	Off       bool   `json:"off"`
	Reason    string `json:"reason,omitempty"`
	Version   string `json:"version,omitempty"`
	Component string `json:"component,omitempty"`
}

// FlagSwitched is the answer to it.
type FlagSwitched struct {
	App  string           `json:"app"`
	Flag release.FlagView `json:"flag"`
	// Changed is false where the flag was so already.
	Changed bool `json:"changed"`
}

// AppFlags are the flags of one app.
type AppFlags struct {
	App   string             `json:"app"`
	Flags []release.FlagView `json:"flags"`
}

func (s *Server) flags(w http.ResponseWriter, r *http.Request) {
	f, ok := s.flagsOf(r.PathValue("app"))
	if !ok {
		s.unknownApp(w, r.PathValue("app"))
		return
	}
	answer(w, f)
}

// flagsOf says how an app's flags stand.
func (s *Server) flagsOf(app string) (AppFlags, bool) {
	st, w, ok := s.standingOf(app)
	if !ok {
		return AppFlags{}, false
	}
	return AppFlags{App: app, Flags: st.ShowFlags(w)}, true
}

// standingOf returns what stands of an app, and what was last seen of it.
func (s *Server) standingOf(app string) (release.Standing, release.World, bool) {
	for _, st := range s.Reader.Standings() {
		if st.App != app {
			continue
		}
		name := st.Active
		if name == "" {
			name = st.Plan.Release
		}
		v, _ := s.Reader.View(name)
		return st, v.World, true
	}
	return release.Standing{}, release.World{}, false
}

func (s *Server) unknownApp(w http.ResponseWriter, app string) {
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return
	}
	write(w, http.StatusNotFound, Failure{Kind: "unknown", Error: fmt.Sprintf("there is no app named %q; `cutover status` lists them", app)})
}

func (s *Server) switchFlag(w http.ResponseWriter, r *http.Request) {
	var ask SwitchFlag
	if !read(w, r, &ask) {
		return
	}
	app, name := r.PathValue("app"), r.PathValue("flag")
	if _, _, ok := s.standingOf(app); !ok {
		s.unknownApp(w, app)
		return
	}
	only := release.FlagScope{Version: ask.Version, Component: ask.Component}
	changed, err := s.Writer.Switch(r.Context(), app, release.Switched{Flag: name, Only: only, Off: ask.Off, Reason: ask.Reason}, who(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	st, seen, _ := s.standingOf(app)
	answer(w, FlagSwitched{App: app, Changed: changed, Flag: st.ShowFlag(name, only, seen)})
}

// restart begins the release that starts everything of an app anew.
func (s *Server) restart(w http.ResponseWriter, r *http.Request) {
	app := r.PathValue("app")
	for _, st := range s.Reader.Standings() {
		if st.App != app {
			continue
		}
		p, err := st.Restart(s.restartName(app))
		if err != nil {
			write(w, http.StatusConflict, Failure{Kind: "refused", Error: err.Error()})
			return
		}
		p.Author = who(r)
		s.begin(w, r, p)
		return
	}
	s.unknownApp(w, app)
}

// restartName returns a name that no release has yet.
func (s *Server) restartName(app string) string {
	n, prefix := 1, app+"-restart-"
	for _, st := range s.Reader.Releases() {
		if st.App == app && strings.HasPrefix(st.Release, prefix) {
			n++
		}
	}
	return fmt.Sprintf("%s%d", prefix, n)
}

// Flags says how the flags of an app stand.
func (c *Client) Flags(ctx context.Context, app string) (AppFlags, error) {
	var f AppFlags
	return f, c.get(ctx, "/v1/apps/"+url.PathEscape(app)+"/flags", &f)
}

// Switch switches a flag of an app off, or on again, on record. The app may not
// have been told yet when it returns. It is safe to repeat.
func (c *Client) Switch(ctx context.Context, app, flag string, ask SwitchFlag) (FlagSwitched, error) {
	var f FlagSwitched
	return f, c.post(ctx, "/v1/apps/"+url.PathEscape(app)+"/flags/"+url.PathEscape(flag), ask, &f)
}

// Restart begins the release that starts everything of an app anew, one
// instance after the other, in the versions that run.
func (c *Client) Restart(ctx context.Context, app string) (Deployed, error) {
	var d Deployed
	return d, c.post(ctx, "/v1/apps/"+url.PathEscape(app)+"/restart", struct{}{}, &d)
}
