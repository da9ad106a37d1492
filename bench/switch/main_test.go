package switching

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/traffic/embedded"
)

// folderVariable makes the test binary a data plane on the folder it names.
const folderVariable = "CUTOVER_BENCH_PROXY"

func TestMain(m *testing.M) {
	dir, asked := os.LookupEnv(folderVariable)
	if !asked {
		os.Exit(m.Run())
	}
	// The benchmark holds the other end of the standard input: however it
	// ends, the data plane ends with it.
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := proxy.Run(ctx, proxy.Options{StateDir: dir, Drain: time.Second}); err != nil {
		_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
		os.Exit(1)
	}
	os.Exit(0)
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
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), folderVariable+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err := errors.Join(err, cmd.Start()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
			b.Errorf("end the data plane: %v", err)
		}
	})
	r := &embedded.Router{Client: admin.NewClient(proxy.SocketIn(dir))}
	awaitProxy(b, r)
	return r
}

func awaitProxy(b *testing.B, r *embedded.Router) {
	b.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Second)
	for {
		_, err := r.Client.Health(b.Context())
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			b.Fatalf("the data plane does not answer: %v", err)
		}
	}
}
