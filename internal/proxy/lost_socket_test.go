package proxy

import (
	"os"
	"testing"
)

func TestAProxyWhoseSocketsAreRemovedCanBeSteeredAndTakenOverFromAgain(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := start(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "here")))
	for _, path := range []string{SocketIn(dir), nextSocket(dir)} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	back := func() bool {
		_, err := p.Health(t.Context())
		_, next := os.Lstat(nextSocket(dir))
		return err == nil && next == nil
	}
	eventually(t, back, func() any { return "the sockets are not back" })
	second := launch(t, dir, takeoverEnv+"=1")
	eventually(t, func() bool {
		h, err := second.Health(t.Context())
		return err == nil && h.PID == second.cmd.Process.Pid
	}, func() any { return "nobody took over" })
	expect(t, addr, "here")
	if err := os.Remove(SocketIn(dir)); err != nil {
		t.Fatal(err)
	}
	eventually(t, back, func() any { return "the second proxy's socket is not back" })
	put(t, second.Client, service("shop", addr, says(t, "there")))
	expect(t, addr, "there")
}
