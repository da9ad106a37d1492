package prometheus_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutover/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m, nil, stopServer) }

// server is a real Prometheus for all tests of the package, which scrapes the
// metrics below five times a second.
var server struct {
	once   sync.Once
	err    error
	addr   string
	folder string
	cmd    *exec.Cmd
	ended  chan struct{}
	web    *http.Server
}

const metrics = `# TYPE shop_queue gauge
shop_queue{app="shop",version="1.0"} 20
shop_queue{app="shop",version="2.0"} 30
# TYPE cache_misses_total counter
cache_misses_total{version="1.0",instance_no="a"} %[1]d
cache_misses_total{version="2.0",instance_no="a"} %[1]d
cache_misses_total{version="2.0",instance_no="b"} 5
# TYPE cache_lookups_total counter
cache_lookups_total{version="1.0",instance_no="a"} %[2]d
cache_lookups_total{version="2.0",instance_no="a"} %[2]d
cache_lookups_total{version="2.0",instance_no="b"} 50
`

// address returns the address, host:port, of the running server.
func address(t *testing.T) string {
	t.Helper()
	server.once.Do(func() { server.err = startServer() })
	if server.err != nil {
		t.Fatal(server.err)
	}
	testkit.Await(t, "Prometheus to have scraped", func() bool {
		r, err := http.Get("http://" + server.addr + "/api/v1/query?query=count(cache_lookups_total)==3")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return r.StatusCode == http.StatusOK && len(body) > 100
	})
	return server.addr
}

func startServer() (err error) {
	began := time.Now()
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server.web = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := int(time.Since(began).Milliseconds())
		fmt.Fprintf(w, metrics, n, 4*n)
	})}
	go func() { _ = server.web.Serve(web) }()
	if server.folder, err = os.MkdirTemp("", "cutover-prometheus-"); err != nil {
		return err
	}
	config := filepath.Join(server.folder, "prometheus.yml")
	text := fmt.Sprintf("scrape_configs: [{job_name: shop, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{targets: [%q]}]}]", web.Addr())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server.addr = free.Addr().String()
	_ = free.Close()
	server.cmd = exec.Command("prometheus", "--config.file="+config, "--storage.tsdb.path="+server.folder, "--web.listen-address="+server.addr, "--log.level=error")
	server.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	server.cmd.Stderr = os.Stderr
	if err := server.cmd.Start(); err != nil {
		return fmt.Errorf("start Prometheus: %w; scripts/deps installs it", err)
	}
	server.ended = make(chan struct{})
	go func() { defer close(server.ended); _ = server.cmd.Wait() }()
	return nil
}

func stopServer() {
	if server.ended != nil {
		_ = server.cmd.Process.Kill()
		<-server.ended
	}
	if server.web != nil {
		_ = server.web.Close()
	}
	if server.folder != "" {
		_ = os.RemoveAll(server.folder)
	}
}
