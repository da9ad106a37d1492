package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
	"cutover/internal/testkit/authority"
)

// visitor is a client that believes ca, asks for name and connects to addr
// whatever the URL says.
func visitor(t *testing.T, addr string, config *tls.Config) *http.Client {
	t.Helper()
	tr := &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 5 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func believes(ca *authority.Authority) *tls.Config { return &tls.Config{RootCAs: ca.Pool()} }

// fetch asks for a URL and returns the answer with its body.
func fetch(c *http.Client, url string) (*http.Response, string, error) {
	res, err := c.Get(url)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = c.NotBefore.Add(-72*time.Hour), time.Now().Add(-time.Hour)
}

// secured is a service with a certificate for names.
func secured(t *testing.T, ca *authority.Authority, app, listen, blue string, names ...string) *route.Service {
	t.Helper()
	s := service(app, listen, blue)
	cert, key := ca.Issue(t, nil, names...).Write(t, t.TempDir(), app)
	s.Route.Front.TLS = &release.TLS{Certificate: cert, Key: key}
	return s
}

// shown returns the certificate that a client gets for name.
func shown(addr, name string) (*tls.ConnectionState, error) {
	c, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}}).Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	state := c.(*tls.Conn).ConnectionState()
	return &state, nil
}

func TestClientsAreServedByTLSInHTTP1And2AndNeverInPlainText(t *testing.T) {
	t.Parallel()
	p, addr, ca := run(t, stateDir(t)), address(), authority.New(t, "ca")
	put(t, p.Client, secured(t, ca, "shop", addr, backend(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Header.Get("X-Forwarded-Proto"), r.Host)
	}), "shop.example.org"))
	res, body, err := fetch(visitor(t, addr, believes(ca)), "https://shop.example.org/")
	if err != nil || res.ProtoMajor != 2 || body != "https shop.example.org" {
		t.Errorf("%v %q %v", res, body, err)
	}
	old := believes(ca)
	old.NextProtos, old.MaxVersion = []string{"http/1.1"}, tls.VersionTLS12
	one := visitor(t, addr, old)
	one.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	if res, body, err := fetch(one, "https://shop.example.org/"); err != nil || res.ProtoMajor != 1 || body != "https shop.example.org" {
		t.Errorf("%v %q %v", res, body, err)
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if status, body := ask(t, addr); status != 400 || strings.Contains(body, "https ") {
		t.Errorf("plain text got %d %q", status, body)
	}
	health, err := p.Health(t.Context())
	if err != nil || len(health.Certificates) != 1 || health.Certificates[0].Problem != "" || health.Certificates[0].Names[0] != "shop.example.org" {
		t.Errorf("%+v %v", health.Certificates, err)
	}
}

func TestEachNameGetsItsOwnCertificateOnASharedAddress(t *testing.T) {
	t.Parallel()
	p, addr, ca := run(t, stateDir(t)), address(), authority.New(t, "ca")
	shop := secured(t, ca, "shop", addr, says(t, "shop"), "shop.example.org", "www.example.org")
	shop.Route.Front.Hosts = []string{"shop.example.org"}
	blog := secured(t, ca, "blog", addr, says(t, "blog"), "*.example.org")
	blog.Route.Front.Hosts = []string{"blog.example.org"}
	put(t, p.Client, shop)
	put(t, p.Client, blog)
	for name, want := range map[string]string{
		"shop.example.org": "shop.example.org", "SHOP.example.org": "shop.example.org", "blog.example.org": "*.example.org",
		"www.example.org": "*.example.org", "unknown.test": "*.example.org", "": "*.example.org",
	} {
		state, err := shown(addr, name)
		if err != nil || state.PeerCertificates[0].DNSNames[0] != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	for _, name := range []string{"shop", "blog"} {
		if _, body, err := fetch(visitor(t, addr, believes(ca)), "https://"+name+".example.org/"); err != nil || body != name {
			t.Errorf("%s: %q %v", name, body, err)
		}
	}
}

func TestNewFilesAreShownAndBadOnesAreNot(t *testing.T) {
	t.Parallel()
	p, addr, ca := run(t, stateDir(t)), address(), authority.New(t, "ca")
	s := secured(t, ca, "shop", addr, says(t, "shop"), "one.org")
	put(t, p.Client, s)
	client := visitor(t, addr, &tls.Config{InsecureSkipVerify: true})
	kept, _, err := fetch(client, "https://one.org/")
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		state, err := shown(addr, "")
		if err != nil {
			return err.Error()
		}
		return state.PeerCertificates[0].DNSNames[0]
	}
	next := ca.Issue(t, nil, "two.org")
	authority.Put(t, s.Route.Front.TLS.Key, next.KeyPEM(t))
	authority.Put(t, s.Route.Front.TLS.Certificate, authority.Certificates(next.Chain...))
	eventually(t, func() bool { return name() == "two.org" }, func() any { return name() })
	authority.Put(t, s.Route.Front.TLS.Key, []byte("broken"))
	eventually(t, func() bool {
		h, err := p.Health(t.Context())
		return err == nil && strings.Contains(h.Certificates[0].Problem, "BEGIN PRIVATE KEY") && strings.Contains(h.Certificates[0].Problem, "served meanwhile")
	}, func() any { h, _ := p.Health(t.Context()); return h.Certificates })
	if name() != "two.org" {
		t.Errorf("a broken key changed what is shown to %s", name())
	}
	// Any other order goes on, a bad file in the old place or not.
	s.Route.Salt = "r2"
	put(t, p.Client, s)
	authority.Put(t, s.Route.Front.TLS.Key, next.KeyPEM(t))
	eventually(t, func() bool {
		h, err := p.Health(t.Context())
		return err == nil && h.Certificates[0].Problem == ""
	}, func() any { h, _ := p.Health(t.Context()); return h.Certificates })
	if again, _, err := fetch(client, "https://one.org/"); err != nil || !again.TLS.PeerCertificates[0].Equal(kept.TLS.PeerCertificates[0]) {
		t.Errorf("the kept connection ended: %v", err)
	}
}

func TestAnOrderWithBadFilesIsRefusedAndTheServiceGoesOn(t *testing.T) {
	t.Parallel()
	p, addr, ca := run(t, stateDir(t)), address(), authority.New(t, "ca")
	put(t, p.Client, service("shop", addr, says(t, "plain")))
	good := secured(t, ca, "shop", addr, says(t, "new"), "a.org")
	cert, key := good.Route.Front.TLS.Certificate, good.Route.Front.TLS.Key
	for want, bad := range map[string]*release.TLS{
		"no such file":          {Certificate: cert + "x", Key: key},
		"exchanged":             {Certificate: key, Key: cert},
		"both certificate":      {Certificate: cert},
		"neither certificate":   {},
		"want 1.2 or 1.3":       {Certificate: cert, Key: key, MinVersion: "1.1"},
		"begins with /":         {Certificate: "c.pem", Key: key},
		"names no authorities":  {Certificate: cert, Key: key, Clients: &release.ClientCertificates{}},
		"may not sign others":   {Certificate: cert, Key: key, Clients: &release.ClientCertificates{Authorities: cert}},
		"files and acme":        {Certificate: cert, Key: key, ACME: &release.ACME{Directory: "https://ca", Domains: []string{"a.org"}, AcceptTerms: true}},
		"acceptTerms":           {ACME: &release.ACME{Directory: "https://ca", Domains: []string{"a.org"}}},
		"no domains":            {ACME: &release.ACME{Directory: "https://ca", AcceptTerms: true}},
		"by DNS only":           {ACME: &release.ACME{Directory: "https://ca", Domains: []string{"*.a.org"}, AcceptTerms: true}},
		"begins with https://":  {ACME: &release.ACME{Directory: "http://ca", Domains: []string{"a.org"}, AcceptTerms: true}},
		"only sends them on to": {Certificate: cert, Key: key, Redirect: addr},
	} {
		s := service("shop", addr, says(t, "new"))
		s.Route.Front.TLS = bad
		_, err := p.Change(t.Context(), admin.Change{Generation: 1, Fence: 1, App: "shop", Service: s})
		if !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	expect(t, addr, "plain")
}

func TestAnAddressTurnsToTLSAndBackWithoutBeingGivenFree(t *testing.T) {
	t.Parallel()
	p, addr, ca := run(t, stateDir(t)), address(), authority.New(t, "ca")
	plain := service("shop", addr, says(t, "shop"))
	put(t, p.Client, plain)
	kept := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Minute}
	if _, _, err := fetch(kept, "http://"+addr); err != nil {
		t.Fatal(err)
	}
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	put(t, p.Client, s)
	client := visitor(t, addr, believes(ca))
	if _, body, err := fetch(client, "https://a.org/"); err != nil || body != "shop" {
		t.Fatalf("%q %v", body, err)
	}
	if res, body, err := fetch(kept, "http://"+addr); err == nil && body == "shop" {
		t.Errorf("a kept connection goes on in plain text: %s", res.Status)
	}
	// Client certificates asked for from now on hold for kept connections too.
	s.Route.Front.TLS.Clients = &release.ClientCertificates{Authorities: ca.Write(t, t.TempDir()+"/ca.pem"), Require: true}
	put(t, p.Client, s)
	if _, _, err := fetch(client, "https://a.org/"); err == nil {
		t.Error("a connection let in before is served without a certificate")
	}
	put(t, p.Client, plain)
	expect(t, addr, "shop")
}

func TestAProxyThatStartsWithABadFileServesTheOthersAndThatAddressNotInPlain(t *testing.T) {
	t.Parallel()
	dir, addr, other, ca := stateDir(t), address(), address(), authority.New(t, "ca")
	p := run(t, dir)
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	s.Route.Front.Hosts = []string{"a.org"}
	put(t, p.Client, s)
	put(t, p.Client, service("blog", other, says(t, "blog")))
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(s.Route.Front.TLS.Key)
	if err != nil {
		t.Fatal(err)
	}
	authority.Put(t, s.Route.Front.TLS.Key, []byte("broken"))
	p = run(t, dir)
	expect(t, other, "blog")
	if state, err := shown(addr, "a.org"); err == nil {
		t.Errorf("served with %v", state.PeerCertificates[0].DNSNames)
	}
	if _, body := ask(t, addr); strings.Contains(body, "shop") {
		t.Errorf("plain text got %q", body)
	}
	h, err := p.Health(t.Context())
	if err != nil || !strings.Contains(h.Certificates[0].Problem, "nobody can be served") {
		t.Errorf("%+v %v", h.Certificates, err)
	}
	// Another service may come while the file is bad, and the file may be mended.
	put(t, p.Client, service("third", address(), says(t, "third")))
	authority.Put(t, s.Route.Front.TLS.Key, key)
	eventually(t, func() bool { _, err := shown(addr, "a.org"); return err == nil }, func() any { return "no handshake" })
}

func TestAnExpiredCertificateIsShownAfterARestartAndReported(t *testing.T) {
	t.Parallel()
	dir, addr, ca := stateDir(t), address(), authority.New(t, "ca")
	p := run(t, dir)
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	put(t, p.Client, s)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	late := ca.Issue(t, expired, "a.org")
	authority.Put(t, s.Route.Front.TLS.Certificate, authority.Certificates(late.Chain...))
	authority.Put(t, s.Route.Front.TLS.Key, late.KeyPEM(t))
	p = run(t, dir)
	if _, err := shown(addr, "a.org"); err != nil {
		t.Errorf("an old certificate is better than none: %v", err)
	}
	h, err := p.Health(t.Context())
	if err != nil || !strings.Contains(h.Certificates[0].Problem, "expired") || !h.Certificates[0].EndsSoon(time.Now()) {
		t.Errorf("%+v %v", h.Certificates, err)
	}
}

func TestClientsShowCertificatesAndTheAppIsToldWhoTheyAre(t *testing.T) {
	t.Parallel()
	p, addr, ca, staff := run(t, stateDir(t)), address(), authority.New(t, "ca"), authority.New(t, "staff")
	s := secured(t, ca, "shop", addr, backend(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q %d", r.Header.Values("X-Client-Cert-Subject"), len(r.Header.Get("X-Client-Cert-Fingerprint")))
		for name := range r.Header {
			if strings.Contains(name, "_") {
				fmt.Fprintf(w, " %s", name)
			}
		}
	}), "a.org")
	s.Route.Front.TLS.Clients = &release.ClientCertificates{Authorities: staff.Write(t, t.TempDir()+"/staff.pem")}
	put(t, p.Client, s)
	as := func(who *authority.Authority) *http.Client {
		c := believes(ca)
		if who != nil {
			c.Certificates = []tls.Certificate{who.Client(t, pkix.Name{CommonName: "Ada \u00e9\n", Organization: []string{"Staff"}})}
			// What a client need not do, but an attacker would: show one that was not asked for.
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.Certificates[0], nil }
		}
		return visitor(t, addr, c)
	}
	liar := func(c *http.Client) string {
		r, _ := http.NewRequest("GET", "https://a.org/", nil)
		r.Header.Set("X-Client-Cert-Subject", "CN=root")
		r.Header["X_Client_Cert_Subject"] = []string{"CN=root"}
		r.Header.Set("Cookie", "a=b")
		res, err := c.Do(r)
		if err != nil {
			return "refused"
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return string(body)
	}
	if got := liar(as(nil)); got != `[] 0` {
		t.Errorf("without a certificate: %s", got)
	}
	if got := liar(as(staff)); got != `["CN=Ada \\C3\\A9\\0A,O=Staff"] 64` {
		t.Errorf("with a certificate: %s", got)
	}
	if got := liar(as(ca)); got != "refused" {
		t.Errorf("with one of a stranger: %s", got)
	}
	s.Route.Front.TLS.Clients.Require = true
	put(t, p.Client, s)
	if got := liar(as(nil)); got != "refused" {
		t.Errorf("without a certificate, but required: %s", got)
	}
	if got := liar(as(staff)); !strings.Contains(got, "Ada") {
		t.Errorf("with a certificate, required: %s", got)
	}
	// Over HTTP/1.1 a client may name headers to be left out.
	if got := overHTTP1(t, addr, as(staff).Transport.(*http.Transport).TLSClientConfig, "Connection: X-Client-Cert-Subject"); !strings.Contains(got, "Ada") {
		t.Errorf("a client had its name left out: %s", got)
	}
}

// overHTTP1 asks with one more line in the head and returns what comes back.
func overHTTP1(t *testing.T, addr string, config *tls.Config, line string) string {
	t.Helper()
	config = config.Clone()
	config.ServerName, config.NextProtos = "a.org", nil
	c, err := tls.Dial("tcp", addr, config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Minute))
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: a.org\r\n%s\r\n\r\n", line)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return string(body)
}

func TestPlainHTTPIsSentOnToTheSameResourceByHTTPS(t *testing.T) {
	t.Parallel()
	p, addr, plain, ca := run(t, stateDir(t)), address(), address(), authority.New(t, "ca")
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	s.Route.Front.TLS.Redirect = plain
	put(t, p.Client, s)
	_, port, _ := net.SplitHostPort(addr)
	res, _, err := fetch(visitor(t, plain, nil), "http://a.org:8080//x/?q=1%20")
	if err != nil || res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != "https://a.org:"+port+"//x/?q=1%20" {
		t.Errorf("%v %v", res, err)
	}
	if res, _, err := fetch(visitor(t, plain, nil), "http://a.org/.well-known/acme-challenge/../x"); err != nil || res.StatusCode != http.StatusPermanentRedirect {
		t.Errorf("%v %v", res, err)
	}
}

func TestAppsThatCannotShareAnAddressAreToldWhy(t *testing.T) {
	t.Parallel()
	tls := func(change func(*release.TLS)) *release.TLS {
		out := &release.TLS{Certificate: "/c", Key: "/k", Redirect: "127.0.0.1:80"}
		change(out)
		return out
	}
	same := tls(func(*release.TLS) {})
	for want, second := range map[string]*release.TLS{
		"":                   tls(func(t *release.TLS) { t.Certificate, t.MinVersion = "/d", "1.2" }),
		"one wants TLS":      nil,
		"minVersion":         tls(func(t *release.TLS) { t.MinVersion = "1.3" }),
		"clientCertificates": tls(func(t *release.TLS) { t.Clients = &release.ClientCertificates{Authorities: "/a"} }),
		"sends them on":      tls(func(t *release.TLS) { t.Redirect = "127.0.0.1:443" }),
	} {
		var table route.Table
		for app, one := range map[string]*release.TLS{"shop": same, "blog": second} {
			s := service(app, "127.0.0.1:443", "127.0.0.1:9")
			s.Route.Front.Path, s.Route.Front.TLS = "/"+app, one
			table = table.With(*s)
		}
		err := table.Check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestTheStateFolderHasNothingOfAKey(t *testing.T) {
	t.Parallel()
	dir, ca := stateDir(t), authority.New(t, "ca")
	p := run(t, dir)
	s := secured(t, ca, "shop", address(), says(t, "shop"), "a.org")
	put(t, p.Client, s)
	table, err := os.ReadFile(dir + "/table.json")
	if err != nil || strings.Contains(string(table), "BEGIN") || !strings.Contains(string(table), s.Route.Front.TLS.Key) {
		t.Errorf("%v", err)
	}
	h, err := p.Health(t.Context())
	if err != nil || len(h.Certificates) != 1 {
		t.Fatal(err)
	}
}
