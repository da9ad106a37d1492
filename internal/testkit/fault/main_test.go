package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"cutover/internal/testkit"
	"cutover/internal/testkit/fault"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"counter": count, "writer": write, "server": serve, "listener": listen})
}

// count prints a number every few milliseconds.
func count(ctx context.Context) error {
	return every(ctx, func(n int) { fmt.Println("at", n) })
}

// write appends to a file and says how each write went.
func write(ctx context.Context) error {
	file, err := os.OpenFile(os.Getenv("FILE"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	return every(ctx, func(n int) {
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			fmt.Println("failed", n, err)
			return
		}
		fmt.Println("wrote", n)
	})
}

func every(ctx context.Context, do func(n int)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
			do(n)
		case <-ctx.Done():
			return nil
		}
	}
}

// serve is an instance with moods.
func serve(ctx context.Context) error {
	moody := fault.Moody{Dir: os.Getenv("DIALS"), ID: "a", Probe: "/health"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: moody.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "well") })), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	fmt.Println("url http://" + l.Addr().String())
	<-ctx.Done()
	if moody.Ignores() {
		fmt.Println("ignored SIGTERM")
		select {}
	}
	return errors.Join(s.Close())
}

// listen takes an address of its own.
func listen(ctx context.Context) error {
	l, err := net.Listen("tcp", os.Getenv("ADDR"))
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("listens")
	<-ctx.Done()
	return nil
}

// of finds a process of the test.
func of(p *testkit.Process) fault.Find {
	return func(context.Context) (int, error) { return p.Pid(), nil }
}

// inject demands that the fault strikes, and mends it when the test ends
// unless the test has.
func inject(t *testing.T, f fault.Fault) (heal func()) {
	t.Helper()
	mend, err := f.Inject(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", f.Name(), err)
	}
	mended := false
	heal = func() {
		if mended {
			return
		}
		mended = true
		if err := mend(); err != nil {
			t.Errorf("mend %s: %v", f.Name(), err)
		}
	}
	t.Cleanup(heal)
	return heal
}
