package switching

import (
	"testing"

	"cutover/internal/release"
	haproxyserver "cutover/internal/testkit/haproxy"
	nginxserver "cutover/internal/testkit/nginx"
	"cutover/internal/traffic"
	"cutover/internal/traffic/haproxy"
	"cutover/internal/traffic/nginx"
)

func BenchmarkSwitchNginx(b *testing.B) { behindNginx(b, "", true) }

// BenchmarkSwitchNginxUnkept is nginx with no idle connections that a reload
// could close.
func BenchmarkSwitchNginxUnkept(b *testing.B) { behindNginx(b, "keepalive_timeout 0;", false) }

func behindNginx(b *testing.B, more string, reloads bool) {
	foreign(b, reloads, func() (release.Front, traffic.Member) {
		s := nginxserver.Start(b)
		s.Configure(more)
		f := release.Front{Driver: release.NginxDriver, Listen: s.Listen,
			Nginx: release.Nginx{File: s.File, Log: s.Log, Proof: s.Proof, Config: s.Config, PID: s.PID}}
		r := &nginx.Router{Front: func(string) release.Front { return f }}
		b.Cleanup(r.Close)
		return f, r
	})
}

func BenchmarkSwitchHAProxy(b *testing.B) {
	foreign(b, false, func() (release.Front, traffic.Member) {
		s := haproxyserver.Start(b)
		f := release.Front{Driver: release.HAProxyDriver, Listen: s.Listen,
			HAProxy: release.HAProxy{Socket: s.Socket, Backend: "shop", Map: s.Map, State: s.State}}
		return f, &haproxy.Router{Front: func(string) release.Front { return f }}
	})
}

// foreign plays behind a front end that is not cutover's own.
func foreign(b *testing.B, reloads bool, open func() (release.Front, traffic.Member)) {
	switches, kills := number(b, "SWITCHES", 20), number(b, "KILLS", 4)
	var turns []turn
	for b.Loop() {
		f, r := open()
		s := &street{b: b, router: r, front: f, listen: f.Listen, foreign: true, reloads: reloads, sides: map[release.Side]*app{}}
		turns = append(turns, s.stage(switches, kills)...)
	}
	tell(b, turns, kills)
}
