package guard

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit/authority"
)

// newSecureHouse is a house whose callers speak TLS; it answers with the
// protocol and whether it knows of the TLS. Its time is that of a bubble, so the
// certificate has to be made inside.
func newSecureHouse(t *testing.T, rules Rules) (*house, *tls.Config) {
	h, ca := &house{t, &hall{conns: make(chan net.Conn)}, &Tally{}}, authority.New(t, "ca")
	issued := ca.Issue(t, nil, "a.org")
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: issued.Chain, PrivateKey: issued.Key}}, NextProtos: []string{"h2", "http/1.1", "other"}}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer Of(r).Answered()
		if refusal := Refused(r); refusal != nil {
			http.Error(w, refusal.Reason, refusal.Status)
			return
		}
		io.WriteString(w, r.Proto)
		if r.TLS != nil {
			io.WriteString(w, " "+r.TLS.ServerName)
		}
	})
	server := &http.Server{ConnContext: Context, ConnState: State, Handler: Identified(answer), Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan struct{})
	go func() {
		server.Serve(ListenTLS(h.hall, config, rules, h.tally, slog.New(slog.DiscardHandler)))
		close(ended)
	}()
	t.Cleanup(func() { server.Close(); <-ended })
	return h, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.org", Time: time.Now}
}

func agreed(config *tls.Config, protocols ...string) *tls.Config {
	config = config.Clone()
	config.NextProtos = protocols
	return config
}

func TestWhatIsInsideTLSIsJudgedLikeAnythingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, config := newSecureHouse(t, fixed{})
		for _, protocols := range [][]string{nil, {"http/1.1"}} {
			conn := tls.Client(h.call(public), agreed(config, protocols...))
			in := bufio.NewReader(conn)
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n")
			h.hears(in, http.StatusOK, "HTTP/1.1 a.org")
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a.org\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n")
			h.hears(in, http.StatusBadRequest, "")
			conn.Close()
		}
		if n := h.tally.Read()[Malformed]; n != 2 {
			t.Errorf("counted %d", n)
		}
	})
}

func TestWhoAgreesOnHTTP2AndSpeaksAnotherProtocolIsHungUpOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		protocol, send string
		breach         Breach
	}{
		"HTTP/1.1":                    {"h2", "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n", Malformed},
		"a preface with another end":  {"h2", strings.Replace(http2Preface, "SM", "XX", 1), Malformed},
		"half a preface":              {"h2", http2Preface[:10], SlowHead},
		"nothing":                     {"h2", "", SlowHead},
		"HTTP/2 without its being so": {"http/1.1", http2Preface, Malformed},
		"a protocol of another kind":  {"other", "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, config := newSecureHouse(t, fixed{limits: release.Limits{HeaderTime: time.Second}})
				conn := tls.Client(h.call(public), agreed(config, c.protocol))
				go io.WriteString(conn, c.send)
				got, err := io.ReadAll(conn)
				if c.protocol == "http/1.1" {
					if !strings.HasPrefix(string(got), "HTTP/1.1 505 ") {
						t.Errorf("heard %q, %v", got, err)
					}
				} else if len(got) > 0 {
					t.Errorf("heard %q", got)
				}
				if count := h.tally.Read(); c.breach == "" && count != nil || c.breach != "" && count[c.breach] != 1 {
					t.Errorf("counted %v", count)
				}
			})
		})
	}
}

func TestAHandshakeMayNotTakeForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, _ := newSecureHouse(t, fixed{limits: release.Limits{HeaderTime: 10 * time.Second}})
		conn, start := h.call(public), time.Now()
		go conn.Write([]byte{22, 3, 1, 0}) // and nothing more of the greeting
		if got, err := io.ReadAll(conn); len(got) != 0 || err != nil {
			t.Errorf("heard %q, %v", got, err)
		}
		if took := time.Since(start); took != 10*time.Second || h.tally.Read()[SlowHead] != 1 {
			t.Errorf("it took %s, want 10s; counted %v", took, h.tally.Read())
		}
	})
}

func TestAConnectionTooManyIsClosedBeforeItsHandshake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, config := newSecureHouse(t, fixed{limits: release.Limits{Connections: 2}})
		first := tls.Client(h.call(public), agreed(config, "h2"))
		if err := first.Handshake(); err != nil {
			t.Fatal(err)
		}
		h.call("203.0.113.9:1235")
		if err := tls.Client(h.call("203.0.113.9:1236"), config).Handshake(); err == nil || h.tally.Read()[Connections] != 1 {
			t.Errorf("the third got in: %v; counted %v", err, h.tally.Read())
		}
		first.Close()
		synctest.Wait()
		if err := tls.Client(h.call("203.0.113.9:1237"), config).Handshake(); err != nil {
			t.Errorf("after one has left: %v", err)
		}
	})
}

func TestHTTP2PassesWithItsTLSAndIsNoneOverWeakCiphers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, config := newSecureHouse(t, fixed{limits: release.Limits{HeaderTime: time.Second}})
		tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: config, Dial: func(string, string) (net.Conn, error) { return h.call(public), nil }}
		res, err := (&http.Client{Transport: tr}).Get("https://a.org/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if string(body) != "HTTP/2.0 a.org" || err != nil {
			t.Errorf("heard %q, %v", body, err)
		}
		tr.CloseIdleConnections()
		for cipher, want := range map[uint16]bool{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: true, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: false} {
			weak := agreed(config, "h2")
			weak.MaxVersion, weak.CipherSuites = tls.VersionTLS12, []uint16{cipher}
			conn := tls.Client(h.call(public), weak)
			go io.WriteString(conn, http2Preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
			var first [1]byte
			if n, _ := conn.Read(first[:]); (n == 1) != want {
				t.Errorf("%s: answered %t, want %t", tls.CipherSuiteName(cipher), n == 1, want)
			}
			conn.Close()
		}
	})
}
