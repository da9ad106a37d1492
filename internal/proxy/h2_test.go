package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/testkit/authority"

	"github.com/coder/websocket"
)

// h2backend speaks HTTP/2 without TLS, and HTTP/1.1.
func h2backend(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	b := httptest.NewUnstartedServer(h)
	b.Config.Protocols = new(http.Protocols)
	b.Config.Protocols.SetHTTP1(true)
	b.Config.Protocols.SetUnencryptedHTTP2(true)
	b.Start()
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return strings.TrimPrefix(b.URL, "http://")
}

// echo answers each line with its protocol and the line, at once, and ends
// with trailers as gRPC does.
func echo(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	w.Header().Set("Trailer", "Grpc-Status")
	w.Header().Set("Content-Type", "application/grpc")
	w.WriteHeader(200)
	_ = http.NewResponseController(w).Flush()
	lines := bufio.NewReader(r.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		fmt.Fprintf(w, "%s %s", r.Proto, line)
		_ = http.NewResponseController(w).Flush()
	}
	w.Header().Set("Grpc-Status", "7")
	w.Header().Set(http.TrailerPrefix+"Unannounced", r.Trailer.Get("Sum")+r.Header.Get("Te"))
}

func TestRequestsAndAnswersStreamBothWaysWithTrailers(t *testing.T) {
	t.Parallel()
	ca := authority.New(t, "ca")
	for name, c := range map[string]struct {
		addr    string
		backend release.Protocol
		proto   string
	}{
		"http1": {backend(t, echo), release.HTTP1, "HTTP/1.1"},
		"h2c":   {h2backend(t, echo), release.H2C, "HTTP/2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, addr := run(t, stateDir(t)), address()
			s := secured(t, ca, "shop", addr, c.addr, "a.org")
			s.Route.Front.Backend = c.backend
			put(t, p.Client, s)
			in, out := io.Pipe()
			r, _ := http.NewRequest("POST", "https://a.org/", in)
			r.Trailer = http.Header{"Sum": nil}
			r.Header.Set("Te", "trailers")
			res, err := visitor(t, addr, believes(ca)).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			lines := bufio.NewReader(res.Body)
			for i := range 20 {
				fmt.Fprintf(out, "%d\n", i)
				if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("%s %d\n", c.proto, i) {
					t.Fatalf("line %d: %q %v", i, line, err)
				}
			}
			r.Trailer.Set("Sum", "190")
			out.Close()
			if rest, err := io.ReadAll(lines); err != nil || len(rest) != 0 {
				t.Errorf("%q %v", rest, err)
			}
			if res.Trailer.Get("Grpc-Status") != "7" || res.Trailer.Get("Unannounced") != "190trailers" {
				t.Errorf("trailers %v", res.Trailer)
			}
			books(t, p.Client, release.Counters{Accepted: 1, Answered: 1})
		})
	}
}

// books waits until blue's books of shop read want.
func books(t *testing.T, c *admin.Client, want release.Counters) {
	t.Helper()
	eventually(t, func() bool {
		s, err := c.Stats(t.Context(), "shop")
		return err == nil && s.Sides.Blue.Counters == want && s.Sides.Blue.Requests == 0
	}, func() any { s, _ := c.Stats(t.Context(), "shop"); return s.Sides.Blue })
}

func TestAClientThatGivesUpOneStreamIsHeardByTheInstance(t *testing.T) {
	t.Parallel()
	ca := authority.New(t, "ca")
	for name, protocol := range map[string]release.Protocol{"http1": release.HTTP1, "h2c": release.H2C} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, addr := run(t, stateDir(t)), address()
			arrived, gone := make(chan struct{}), make(chan struct{})
			s := secured(t, ca, "shop", addr, h2backend(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/slow" {
					return
				}
				close(arrived)
				<-r.Context().Done()
				close(gone)
			}), "a.org")
			s.Route.Front.Backend = protocol
			put(t, p.Client, s)
			client := visitor(t, addr, believes(ca))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, "GET", "https://a.org/slow", nil)
			ended := make(chan error, 1)
			go func() {
				_, err := client.Do(r)
				ended <- err
			}()
			<-arrived
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			select {
			case <-gone:
			case <-time.After(5 * time.Minute):
				t.Fatal("the instance goes on")
			}
			books(t, p.Client, release.Counters{Accepted: 1, ClientGone: 1})
			// The connection carries on.
			if res, _, err := fetch(client, "https://a.org/"); err != nil || res.StatusCode != 200 {
				t.Errorf("%v %v", res, err)
			}
		})
	}
}

func TestTheEndCutsNoRequestOfAnHTTP2Client(t *testing.T) {
	t.Parallel()
	ca, addr := authority.New(t, "ca"), address()
	p := run(t, stateDir(t))
	const streams = 20
	arrived, finish := make(chan struct{}, streams), make(chan struct{})
	s := secured(t, ca, "shop", addr, h2backend(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-finish
		fmt.Fprint(w, "done")
	}), "a.org")
	s.Route.Front.Backend = release.H2C
	put(t, p.Client, s)
	client := visitor(t, addr, believes(ca))
	answers := make(chan string, streams)
	for range streams {
		go func() {
			_, body, err := fetch(client, "https://a.org/")
			answers <- fmt.Sprint(body, err)
		}()
	}
	for range streams {
		<-arrived
	}
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	// The address is given free while the requests are still under way.
	eventually(t, func() bool { _, err := shown(addr, "a.org"); return err != nil }, func() any { return "still accepts" })
	close(finish)
	for range streams {
		if got := <-answers; got != "done<nil>" {
			t.Errorf("got %s", got)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAWebSocketWorksThroughTLS(t *testing.T) {
	t.Parallel()
	ca := authority.New(t, "ca")
	for name, protocol := range map[string]release.Protocol{"http1": release.HTTP1, "h2c": release.H2C} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, addr := run(t, stateDir(t)), address()
			s := secured(t, ca, "shop", addr, h2backend(t, func(w http.ResponseWriter, r *http.Request) {
				c, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer c.CloseNow()
				for {
					kind, text, err := c.Read(r.Context())
					if err != nil {
						return
					}
					if err := c.Write(r.Context(), kind, text); err != nil {
						return
					}
				}
			}), "a.org")
			s.Route.Front.Backend = protocol
			put(t, p.Client, s)
			config := believes(ca)
			config.NextProtos = []string{"http/1.1"}
			client := visitor(t, addr, config)
			client.Timeout = 0
			client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			c, _, err := websocket.Dial(ctx, "wss://a.org/", &websocket.DialOptions{HTTPClient: client})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if _, text, err := c.Read(ctx); err != nil || string(text) != "hello" {
				t.Fatalf("%q %v", text, err)
			}
			// On order the client hears that it should come again.
			if n, err := p.CloseStreams(ctx, admin.CloseStreams{App: "shop", Side: release.Blue, Fence: 1}); err != nil || n != 1 {
				t.Fatalf("%d %v", n, err)
			}
			_, _, err = c.Read(ctx)
			if websocket.CloseStatus(err) != websocket.StatusServiceRestart {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAResumedConnectionPassesTheAuthoritiesAsTheyAreNow(t *testing.T) {
	t.Parallel()
	p, addr, ca, staff := run(t, stateDir(t)), address(), authority.New(t, "ca"), authority.New(t, "staff")
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	path := staff.Write(t, t.TempDir()+"/staff.pem")
	s.Route.Front.TLS.Clients = &release.ClientCertificates{Authorities: path, Require: true}
	put(t, p.Client, s)
	ask := func(config *tls.Config) (bool, error) {
		client := visitor(t, addr, config)
		client.Transport.(*http.Transport).DisableKeepAlives = true
		res, _, err := fetch(client, "https://a.org/")
		return err == nil && res.TLS.DidResume, err
	}
	config := believes(ca)
	config.Certificates = []tls.Certificate{staff.Client(t, staff.Cert.Subject)}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	if _, err := ask(config); err != nil {
		t.Fatal(err)
	}
	if resumed, err := ask(config); err != nil || !resumed {
		t.Fatalf("not resumed: %v", err)
	}
	authority.Put(t, path, authority.Certificates(authority.New(t, "others").Cert.Raw))
	eventually(t, func() bool { _, err := ask(config); return err != nil }, func() any { return "still believed" })
}
