package lane

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httputil"
	"strings"
)

// What the app is told of a client that showed a certificate: its subject as
// in RFC 4514 and the SHA-256 of the certificate in hex. Nobody else can set a
// header that begins like these.
const (
	vouchPrefix       = "X-Client-Cert-"
	subjectHeader     = vouchPrefix + "Subject"
	fingerprintHeader = vouchPrefix + "Fingerprint"
)

// identify makes the request say who the client has proved to be, and nothing
// that it merely says of itself. Some servers take _ for - in the names of
// headers; both are removed.
func identify(r *http.Request) {
	for name := range r.Header {
		if len(name) < len(vouchPrefix) || name[0] != 'X' && name[0] != 'x' {
			continue
		}
		plain := strings.ReplaceAll(name, "_", "-")
		if strings.EqualFold(plain[:len(vouchPrefix)], vouchPrefix) {
			delete(r.Header, name)
		}
	}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return
	}
	shown := r.TLS.PeerCertificates[0]
	sum := sha256.Sum256(shown.Raw)
	r.Header.Set(subjectHeader, printable(shown.Subject.String()))
	r.Header.Set(fingerprintHeader, hex.EncodeToString(sum[:]))
}

// vouch passes on what identify found, which a client could have asked to be
// left out by naming the header in Connection.
func vouch(p *httputil.ProxyRequest) {
	for _, name := range []string{subjectHeader, fingerprintHeader} {
		if value := p.In.Header.Get(name); value != "" {
			p.Out.Header.Set(name, value)
		}
	}
}

// printable writes every byte that a header cannot carry as RFC 4514 does: a
// backslash and two digits.
func printable(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\%02X`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
