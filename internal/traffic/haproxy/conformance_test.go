package haproxy_test

import (
	"testing"

	"cutover/internal/release"
	server "cutover/internal/testkit/haproxy"
	"cutover/internal/traffic/haproxy"
	"cutover/internal/traffic/traffictest"
)

func TestHAProxyIsAFrontEnd(t *testing.T) {
	t.Parallel()
	traffictest.Run(t, func(t *testing.T) *traffictest.Stage {
		s := server.Start(t)
		front, r := open(s)
		return &traffictest.Stage{Member: r, Front: front, Kill: s.Kill, Revive: s.Run, Resumes: true}
	})
}

func open(s *server.Server) (release.Front, *haproxy.Router) {
	f := release.Front{Driver: "haproxy", Listen: s.Listen, Path: "/", Sticky: release.Sticky{Cookie: traffictest.Cookie},
		HAProxy: release.HAProxy{Socket: s.Socket, Backend: "shop", Map: s.Map, State: s.State}}
	return f, &haproxy.Router{Front: func(string) release.Front { return f }}
}
