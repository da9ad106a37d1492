package proxy

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/issuer"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
	"cutover/internal/testkit/authority"
	"cutover/internal/testkit/pebble"
)

// runACME is run with other options for ACME.
func runACME(t *testing.T, dir string, o issuer.Options) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, Options{StateDir: dir, Version: "test", Drain: 5 * time.Second, ACME: o}) }()
	r := &running{dir: dir, Client: admin.NewClient(SocketIn(dir))}
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { r.stop() })
	eventually(t, func() bool {
		_, err := r.Health(t.Context())
		return err == nil
	}, func() any { return "the proxy is not up" })
	return r
}

func ordered(t *testing.T, ca *pebble.Server, domains ...string) *route.Service {
	t.Helper()
	s := service("shop", ca.TLSAddr, says(t, "shop"))
	s.Route.Front.Hosts = domains
	s.Route.Front.TLS = &release.TLS{ACME: &release.ACME{Directory: ca.Directory, Trust: ca.Trust, Domains: domains, AcceptTerms: true, Email: "ops@example.org"}}
	return s
}

// quick makes failures be followed by another try soon.
var quick = issuer.Options{Retry: 20 * time.Millisecond, Look: 20 * time.Millisecond}

func issued(t *testing.T, addr, name string) string {
	t.Helper()
	var serial string
	var last error
	eventually(t, func() bool {
		var state *tls.ConnectionState
		if state, last = shown(addr, name); last == nil {
			serial = state.PeerCertificates[0].SerialNumber.String()
			last = state.PeerCertificates[0].VerifyHostname(name)
		}
		return last == nil
	}, func() any { return last })
	return serial
}

func TestACertificateIsOrderedShownAndKeptOverARestart(t *testing.T) {
	t.Parallel()
	ca, dir := pebble.Start(t), stateDir(t)
	p := runACME(t, dir, quick)
	put(t, p.Client, ordered(t, ca, "shop.example.org", "www.example.org"))
	first := issued(t, ca.TLSAddr, "shop.example.org")
	issued(t, ca.TLSAddr, "www.example.org")
	if state, err := shown(ca.TLSAddr, "other.example.org"); err == nil {
		t.Errorf("a strange name got %v", state.PeerCertificates[0].DNSNames)
	}
	if _, err := shown(ca.TLSAddr, ""); err == nil {
		t.Error("no name got a certificate")
	}
	eventually(t, func() bool {
		h, err := p.Health(t.Context())
		return err == nil && len(h.Certificates) == 2 && h.Certificates[0].Problem == "" && !h.Certificates[0].Until.IsZero()
	}, func() any { h, _ := p.Health(t.Context()); return h.Certificates })
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	private(t, filepath.Join(dir, "acme"))
	ca.Stop()
	p = runACME(t, dir, quick)
	if again := issued(t, ca.TLSAddr, "shop.example.org"); again != first {
		t.Errorf("the certificate was not kept: %s, then %s", first, again)
	}
	client := visitor(t, ca.TLSAddr, &tls.Config{InsecureSkipVerify: true})
	if _, body, err := fetch(client, "https://shop.example.org/"); err != nil || body != "shop" {
		t.Errorf("%q %v", body, err)
	}
}

// private says what in a folder others could read.
func private(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if !e.IsDir() {
			files++
		}
		return err
	})
	if err != nil || files != 3 {
		t.Errorf("%d files, want the account and two domains; %v", files, err)
	}
}

func TestADomainIsProvedByPlainHTTPWhereTLSDoesNotReach(t *testing.T) {
	t.Parallel()
	ca := pebble.Start(t)
	p, addr := runACME(t, stateDir(t), quick), address()
	s := ordered(t, ca, "shop.example.org")
	s.Route.Front.Listen, s.Route.Front.TLS.Redirect = addr, ca.HTTPAddr
	put(t, p.Client, s)
	issued(t, addr, "shop.example.org")
	if res, _, err := fetch(visitor(t, ca.HTTPAddr, nil), "http://shop.example.org/.well-known/acme-challenge/none"); err != nil || res.StatusCode != http.StatusPermanentRedirect {
		t.Errorf("%v %v", res, err)
	}
}

func TestAnAuthorityThatIsDownIsReportedAndAskedAgainWhileOthersAreServed(t *testing.T) {
	t.Parallel()
	ca, own := pebble.Start(t), authority.New(t, "own")
	ca.Stop()
	p, other := runACME(t, stateDir(t), quick), address()
	put(t, p.Client, ordered(t, ca, "shop.example.org"))
	put(t, p.Client, secured(t, own, "blog", other, says(t, "blog"), "blog.example.org"))
	eventually(t, func() bool {
		h, err := p.Health(t.Context())
		return err == nil && strings.Contains(h.Certificates[1].Problem, "connection refused") && strings.Contains(h.Certificates[1].Problem, "next try in")
	}, func() any { h, _ := p.Health(t.Context()); return h.Certificates })
	if _, body, err := fetch(visitor(t, other, believes(own)), "https://blog.example.org/"); err != nil || body != "blog" {
		t.Errorf("%q %v", body, err)
	}
	if _, err := shown(ca.TLSAddr, "shop.example.org"); err == nil {
		t.Error("there is a certificate out of nowhere")
	}
	ca.Resume()
	issued(t, ca.TLSAddr, "shop.example.org")
	eventually(t, func() bool {
		h, err := p.Health(t.Context())
		return err == nil && h.Certificates[1].Problem == ""
	}, func() any { h, _ := p.Health(t.Context()); return h.Certificates })
}

func TestACertificateIsRenewedWhenTwoThirdsOfItsTimeAreOver(t *testing.T) {
	t.Parallel()
	ca := pebble.Start(t)
	var ahead atomic.Int64
	o := quick
	o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	p := runACME(t, stateDir(t), o)
	put(t, p.Client, ordered(t, ca, "shop.example.org"))
	first := issued(t, ca.TLSAddr, "shop.example.org")
	state, err := shown(ca.TLSAddr, "shop.example.org")
	if err != nil {
		t.Fatal(err)
	}
	leaf := state.PeerCertificates[0]
	ahead.Store(int64(leaf.NotAfter.Sub(leaf.NotBefore) * 3 / 4))
	eventually(t, func() bool { return issued(t, ca.TLSAddr, "shop.example.org") != first }, func() any { return "not renewed" })
}

func TestAConnectionThatOnlyProvesADomainCarriesNoRequest(t *testing.T) {
	t.Parallel()
	ca := pebble.Start(t)
	p := runACME(t, stateDir(t), quick)
	put(t, p.Client, ordered(t, ca, "shop.example.org"))
	issued(t, ca.TLSAddr, "shop.example.org")
	_, err := tls.Dial("tcp", ca.TLSAddr, &tls.Config{ServerName: "shop.example.org", InsecureSkipVerify: true, NextProtos: []string{issuer.ProofProtocol}})
	if err == nil {
		t.Error("a proof is shown though none is asked for")
	}
}
