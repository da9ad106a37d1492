package lane

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// errNotPlain means that the side that a plain request has come to cannot be
// asked the short way.
var errNotPlain = errors.New("the endpoint does not speak HTTP/1.1")

// short carries a plain request, and does for it what ReverseProxy does for
// the others: it needs no second request, no context and no copy of headers for
// that. It returns false, with nothing sent, if it turns out to be of no use.
func (f *Full) short(x *exchange) bool {
	room := rooms.Get().(*[headRoom]byte)
	defer rooms.Put(room)
	x.head = x.writeHead(room[:0], x.request)
	res, err := f.sender.carry(x.request, x, nothing)
	if errors.Is(err, errNotPlain) {
		x.head = nil
		return false
	}
	if err != nil {
		f.failedWith(x.out, x.request, x, err)
		return true
	}
	defer res.Body.Close()
	trimAnswer(res.Header)
	if err := f.begun(x, res); err != nil {
		f.failedWith(x.out, x.request, x, err)
		return true
	}
	x.reply(res)
	return true
}

// rooms lends room for heads, as much as most of them have: a request may have
// to wait for long. Longer ones make room of their own.
var rooms = sync.Pool{New: func() any { return new([headRoom]byte) }}

const headRoom = 2 << 10

// nothing is what is kept of the body of a plain request.
var nothing = &replay{}

// reply passes the answer on.
func (x *exchange) reply(res *http.Response) {
	h := x.out.Header()
	pass(h, res.Header)
	announced := len(res.Trailer)
	if announced > 0 {
		names := make([]string, 0, announced)
		for name := range res.Trailer {
			names = append(names, name)
		}
		h.Add("Trailer", strings.Join(names, ", "))
	}
	x.out.WriteHeader(res.StatusCode)
	if err := x.pour(res.Body, x.stream || res.ContentLength < 0); err != nil {
		panic(http.ErrAbortHandler) // the client must see that it is not whole
	}
	if len(res.Trailer) > 0 {
		x.flush() // so that there are chunks, and a place for trailers behind them
	}
	if len(res.Trailer) == announced {
		pass(h, res.Trailer)
		return
	}
	for name, values := range res.Trailer {
		h[http.TrailerPrefix+name] = values
	}
}

// pour copies a body to the client, each piece at once if it must not wait for
// the next one.
func (x *exchange) pour(body io.Reader, atOnce bool) error {
	buf := lent.Get()
	defer lent.Put(buf)
	if atOnce {
		x.flush()
	}
	for {
		n, end := body.Read(buf)
		if n > 0 {
			if _, err := x.out.Write(buf[:n]); err != nil {
				return err
			}
			if atOnce {
				x.flush()
			}
		}
		if end == io.EOF {
			return nil
		}
		if end != nil {
			return end
		}
	}
}

// interim passes an interim answer on.
func (x *exchange) interim(res *http.Response) {
	h := x.out.Header()
	before := maps.Clone(h)
	pass(h, res.Header)
	x.out.WriteHeader(res.StatusCode)
	clear(h)
	maps.Copy(h, before)
}

// pass adds the headers of an answer to h.
func pass(h, from http.Header) {
	for name, values := range from {
		if have, ok := h[name]; ok {
			values = append(have, values...)
		}
		h[name] = values
	}
}

// connectionHeaders say something of one connection only (RFC 9110, 7.6.1).
var connectionHeaders = [...]string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// trimAnswer removes from an answer what is for the proxy alone.
func trimAnswer(h http.Header) {
	if named := h["Connection"]; !alone(named) {
		for _, list := range named {
			for name := range strings.SplitSeq(list, ",") {
				h.Del(strings.TrimSpace(name))
			}
		}
	}
	for _, name := range connectionHeaders {
		delete(h, name)
	}
}
