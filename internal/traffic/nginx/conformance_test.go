package nginx_test

import (
	"testing"

	"cutover/internal/release"
	server "cutover/internal/testkit/nginx"
	"cutover/internal/traffic/nginx"
	"cutover/internal/traffic/traffictest"
)

func TestNginxIsAFrontEnd(t *testing.T) {
	t.Parallel()
	traffictest.Run(t, func(t *testing.T) *traffictest.Stage {
		s := server.Start(t)
		front, r := open(t, s)
		return &traffictest.Stage{
			Member: r, Front: front, Kill: s.KillMaster, Resumes: true, Books: true,
			Revive: func() { s.Kill(); s.Run() },
			Spoil: func() func() {
				s.Configure("no_such_directive on;")
				return func() { s.Configure("") }
			},
		}
	})
}

func open(t testing.TB, s *server.Server) (release.Front, *nginx.Router) {
	f := release.Front{Driver: "nginx", Listen: s.Listen, Path: "/", Sticky: release.Sticky{Cookie: traffictest.Cookie},
		Nginx: release.Nginx{File: s.File, Log: s.Log, Proof: s.Proof, Config: s.Config, PID: s.PID}}
	r := &nginx.Router{Front: func(string) release.Front { return f }}
	t.Cleanup(r.Close)
	return f, r
}
