package lane

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"cutover/internal/proxy/route"
)

// FuzzFramesAreFollowedInWhateverPiecesTheyCome: where one read of the stream
// ends says nothing.
func FuzzFramesAreFollowedInWhateverPiecesTheyCome(f *testing.F) {
	f.Add([]byte("\x81\x02hi\x88\x00"), uint8(1))
	f.Add([]byte("\x82\xfe\x00\x03mask123\x88\x80mask"), uint8(3))
	f.Add([]byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff1"), uint8(2))
	f.Fuzz(func(t *testing.T, stream []byte, step uint8) {
		var whole, parts frames
		whole.feed(stream)
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), int(step)%16+1)
			parts.feed(rest[:n])
			rest = rest[n:]
		}
		if whole != parts {
			t.Fatalf("whole %+v, in parts %+v", whole, parts)
		}
		if whole.between() && (whole.have != 0 || whole.left != 0) {
			t.Fatalf("between frames in %+v", whole)
		}
	})
}

// FuzzWhatClientsSayOfThemselvesIsBelievedOrDropped: the client's address is
// one, a trace that goes on is valid, and cookies are read without harm.
func FuzzWhatClientsSayOfThemselvesIsBelievedOrDropped(f *testing.F) {
	f.Add("127.0.0.1:5", "198.51.100.1, [2001:db8::1]:9", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "cutover=abc; x=\"y\"", "application/json;q=0")
	f.Add("[fe80::1%eth0]:5", ",,", "00-", "=;", "text/html,*/*")
	f.Add("", "unknown", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", "cutover", "application/problem+json")
	f.Fuzz(func(t *testing.T, peerAddr, via, parent, cookie, accept string) {
		r := &http.Request{RemoteAddr: peerAddr, Header: http.Header{
			"X-Forwarded-For": {via}, "Traceparent": {parent}, "Cookie": {cookie}, "Accept": {accept}}}
		client := clientOf(r, route.Trust{netip.MustParsePrefix("10.0.0.0/8")})
		if _, err := netip.ParseAddr(client); err != nil && peer(r).IsValid() {
			t.Fatalf("the client is %q", client)
		}
		if !peer(r).IsLoopback() && !strings.HasPrefix(client, "10.") && peer(r).IsValid() && !strings.HasPrefix(peer(r).String(), "10.") && client != peer(r).String() {
			t.Fatalf("a stranger at %s was believed to be %s", peer(r), client)
		}
		trace := traceOf(r.Header)
		if !isParent(trace.parent) || len(trace.id()) != 32 {
			t.Fatalf("%q goes on as %q", parent, trace.parent)
		}
		if !trace.begun && trace.parent != parent {
			t.Fatalf("%q was changed to %q", parent, trace.parent)
		}
		_ = request{r}.Cookie("cutover")
		_ = wantsJSON(r)
	})
}
