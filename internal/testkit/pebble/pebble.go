// Package pebble runs a local ACME authority for tests: Let's Encrypt's own
// small one, with a name server that
// knows every name as an address of this machine.
package pebble

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"cutover/internal/testkit"
	"cutover/internal/testkit/authority"
)

// Server is a running authority.
type Server struct {
	// Directory is the URL it begins at, Trust PEM with who signed its own
	// certificate.
	Directory, Trust string
	// TLSAddr and HTTPAddr are where it looks for proofs, whatever the name.
	TLSAddr, HTTPAddr string

	t       testing.TB
	dir     string
	command *exec.Cmd
	pool    *authority.Authority
	dns     string
}

// Start runs an authority until the test ends. It fails the test with the name
// of the package if a program is missing.
func Start(t testing.TB) *Server {
	t.Helper()
	for _, program := range []string{"pebble", "pebble-challtestsrv"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: apt-get install pebble", program)
		}
	}
	ca := authority.New(t, "pebble")
	s := &Server{t: t, dir: t.TempDir(), pool: ca, TLSAddr: testkit.FreeAddr(t), dns: testkit.FreeAddr(t)}
	host, _, _ := net.SplitHostPort(s.TLSAddr)
	s.HTTPAddr = net.JoinHostPort(host, strconv.Itoa(port(s.TLSAddr)+1))
	listen := testkit.FreeAddr(t)
	listener, _, _ := net.SplitHostPort(listen)
	s.Directory, s.Trust = "https://"+listen+"/dir", ca.Write(t, filepath.Join(s.dir, "trust.pem"))
	cert, key := ca.Issue(t, nil, listener).Write(t, s.dir, "pebble")
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": testkit.FreeAddr(t), "certificate": cert, "privateKey": key,
		"tlsPort": port(s.TLSAddr), "httpPort": port(s.HTTPAddr),
	}})
	if err != nil {
		t.Fatal(err)
	}
	authority.Put(t, filepath.Join(s.dir, "config.json"), config)
	names := s.run("pebble-challtestsrv", "-defaultIPv4", host, "-defaultIPv6", "", "-dns01", s.dns, "-management", testkit.FreeAddr(t),
		"-http01", "", "-https01", "", "-tlsalpn01", "")
	t.Cleanup(func() { end(names) })
	t.Cleanup(s.Stop)
	s.Resume()
	return s
}

// Stop ends the authority, and with it what it knows.
func (s *Server) Stop() {
	if s.command != nil {
		end(s.command)
		s.command = nil
	}
}

// Resume runs it again at the same address, as a new authority.
func (s *Server) Resume() {
	s.t.Helper()
	s.command = s.run("pebble", "-config", filepath.Join(s.dir, "config.json"), "-dnsserver", s.dns)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.pool.Pool()}, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	testkit.Await(s.t, "the ACME authority", func() bool {
		res, err := client.Get(s.Directory)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

func (s *Server) run(program string, args ...string) *exec.Cmd {
	s.t.Helper()
	c := exec.CommandContext(context.Background(), program, args...)
	// No pause before it looks, no proof reused, no nonce refused by lot.
	c.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=0")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(filepath.Join(s.dir, program+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func end(c *exec.Cmd) {
	c.Process.Kill()
	c.Wait()
}

func port(addr string) int {
	_, text, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(text)
	return n
}
