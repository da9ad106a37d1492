package lane

import (
	"net"
	"net/http/httputil"

	"cutover/internal/proxy/board"
)

// rewrite prepares the request for the endpoint: the Host, the query and
// announced trailers stay as the client sent them.
func rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme = "http"
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Trailer = p.In.Trailer
	p.Out.Header.Del(board.PrivateHeader)
	forwarded(p)
	vouch(p)
}

// forwarded sets X-Forwarded-For, -Host and -Proto. What came in under these
// names is believed, and added to, only from a front on this very machine;
// anybody else could make up an address.
func forwarded(p *httputil.ProxyRequest) {
	if !local(p.In.RemoteAddr) {
		p.SetXForwarded()
		return
	}
	p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
	p.SetXForwarded()
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"} {
		if value, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = value
		}
	}
}

func local(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
