package switching

import (
	"context"
	"os"
	"testing"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/testkit"
	"cutover/internal/traffic/embedded"
)

const folderVariable = "BENCH_PROXY"

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"app": runApp,
		"proxy": func(ctx context.Context) error {
			return proxy.Run(ctx, proxy.Options{StateDir: os.Getenv(folderVariable), Drain: time.Second})
		},
	})
}

// startProxy starts a data plane and returns what steers it.
func startProxy(b *testing.B) *embedded.Router {
	b.Helper()
	// Not b.TempDir(): the paths of sockets must be short.
	dir, err := os.MkdirTemp("", "cutover-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := testkit.Start(b, "proxy", folderVariable+"="+dir)
	b.Cleanup(func() {
		p.Term()
		if code := p.ExitCode(); code != 0 {
			b.Errorf("the data plane ended with %d: %s", code, p.Output())
		}
	})
	r := &embedded.Router{Client: admin.NewClient(proxy.SocketIn(dir))}
	testkit.Await(b, "the data plane", func() bool {
		_, err := r.Client.Health(b.Context())
		return err == nil
	})
	return r
}
