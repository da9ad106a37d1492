package lane

import (
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/route"
)

// rewrite prepares the request for the endpoint: the Host, the query and
// announced trailers stay as the client sent them.
func rewrite(p *httputil.ProxyRequest) {
	x := exchangeOf(p.In.Context())
	p.Out.URL.Scheme = "http"
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Trailer = p.In.Trailer
	p.Out.Header.Del(board.PrivateHeader)
	forwarded(p, x.claim.Trust())
	vouch(p)
	x.trace.give(p.Out.Header)
}

// forwarded sets X-Forwarded-For, -Host and -Proto. What came in under these
// names is believed, and added to, only from a front on this very machine or
// one the app trusts; anybody else could make up an address.
func forwarded(p *httputil.ProxyRequest, trust route.Trust) {
	if !trust.Has(peer(p.In)) {
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

// peer is the other end of the connection.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// clientOf is the client's address: the last one in X-Forwarded-For that was
// not added by a front the app trusts, as long as only such speak for it.
func clientOf(r *http.Request, trust route.Trust) string {
	client := peer(r)
	if !trust.Has(client) {
		return client.String()
	}
	via := r.Header.Values("X-Forwarded-For")
	for i := len(via) - 1; i >= 0; i-- {
		list := via[i]
		for list != "" {
			cut := strings.LastIndexByte(list, ',')
			text := strings.TrimSpace(list[cut+1:])
			list = list[:max(cut, 0)]
			next, err := hop(text)
			if err != nil {
				return client.String() // nobody to be believed wrote this
			}
			if client = next; !trust.Has(client) {
				return client.String()
			}
		}
	}
	return client.String()
}

// hop reads one address as fronts write them, with or without a port.
func hop(text string) (netip.Addr, error) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err
}
