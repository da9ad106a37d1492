package conformance

import "strings"

// get is a request with the fields between.
func get(fields string) string { return "GET / HTTP/1.1\r\nHost: shop\r\n" + fields + "\r\n" }

func ok(fields, body string) string {
	return "HTTP/1.1 200 OK\r\nX-Backend: yes\r\n" + fields + "\r\n" + body
}

// plainCases are requests without a body.
func plainCases() []exchange {
	return []exchange{
		{name: "a plain request", send: get(""), want: []int{200}, seen: 1},
		{name: "two on a connection", send: get("") + get("X-Second: yes\r\n"), want: []int{200, 200}, seen: 2},
		{name: "ten at once", send: strings.Repeat(get(""), 10), want: slicesOf(200, 10), seen: 10},
		{name: "the client asks for the end", send: get("Connection: close\r\n"), want: []int{200}, closed: true, seen: 1},
		{name: "HTTP/1.0", send: "GET / HTTP/1.0\r\nHost: shop\r\n\r\n", want: []int{200}, closed: true, seen: 1},
		{name: "HTTP/1.0 kept alive", send: "GET / HTTP/1.0\r\nHost: shop\r\nConnection: keep-alive\r\n\r\n", want: []int{200}, seen: 1},
		{name: "HTTP/1.0 hears no chunks", send: "GET / HTTP/1.0\r\nHost: shop\r\n\r\n", answer: ok("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), want: []int{200}, closed: true, seen: 1},
		{name: "an empty line before the request", send: "\r\n" + get(""), want: []int{200}, seen: 1},
		{name: "a whole address as target", send: "GET http://shop/a?b HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "a path as it is", send: "GET /a%2Fb//c/%7e?x=1&&y=%zz HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "a path with dots", send: "GET /a/../b/./c HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "an odd method", send: "PROPFIND / HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "a method nobody knows", send: "BREW / HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "DELETE", send: "DELETE /a HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "OPTIONS", send: "OPTIONS / HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1},
		{name: "OPTIONS for the whole server", send: "OPTIONS * HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{200}, seen: 1, otherwise: "nginx refuses it; RFC 9110, 9.3.7 has the server answer"},
		{name: "an empty value", send: get("X-Empty:\r\nX-Blank:   \r\n"), want: []int{200}, seen: 1},
		{name: "a header twice", send: get("X-Twice: a\r\nX-Twice: b\r\n"), want: []int{200}, seen: 1},
		{name: "two cookies", send: get("Cookie: a=1\r\nCookie: b=2\r\n"), want: []int{200}, seen: 1},
		{name: "blanks around a value", send: get("X-Wide: \t  a  b \t \r\n"), want: []int{200}, seen: 1},
		{name: "letters beyond ASCII", send: get("X-Name: gr\xc3\xbc\xc3\x9fe \xe9\r\n"), want: []int{200}, seen: 1},
		{name: "a name with an underscore", send: get("x_under: yes\r\n"), want: []int{200}, seen: 1},
		{name: "a header of one hop", send: get("Connection: X-Hop\r\nX-Hop: secret\r\n"), want: []int{200}, seen: 1, differs: map[string]string{"backend": "RFC 9110, 7.6.1: what Connection names is for one hop; nginx does not look"}},
		{name: "a large header", send: get("X-Large: " + strings.Repeat("a", 30<<10) + "\r\n"), want: []int{200}, seen: 1},
		{name: "a large answer's header", send: get(""), answer: ok("X-Large: "+strings.Repeat("a", 3<<10)+"\r\nContent-Length: 2\r\n", "ok"), want: []int{200}, seen: 1},
		{name: "too large a header", send: get("X-Large: " + strings.Repeat("a", 80<<10) + "\r\n"), want: []int{431}, closed: true, differs: map[string]string{"status": "nginx keeps to 400; 431 says what to change"}},
		{name: "too long a target", send: "GET /" + strings.Repeat("a", 80<<10) + " HTTP/1.1\r\nHost: shop\r\n\r\n", want: []int{414}, closed: true},
		{name: "a version nobody knows", send: "GET / HTTP/9.9\r\nHost: shop\r\n\r\n", want: []int{505}, closed: true},
		{name: "HEAD", send: "HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n", answer: ok("Content-Length: 12345\r\n", ""), want: []int{200}, seen: 1},
		{name: "204", send: get(""), answer: "HTTP/1.1 204 No Content\r\nX-Backend: yes\r\n\r\n", want: []int{204}, seen: 1},
		{name: "304 with the length of what is not sent", send: get("If-None-Match: \"a\"\r\n"), answer: "HTTP/1.1 304 Not Modified\r\nX-Backend: yes\r\nETag: \"a\"\r\n\r\n", want: []int{304}, seen: 1},
		{name: "a status nobody knows", send: get(""), answer: "HTTP/1.1 299 Odd\r\nX-Backend: yes\r\nContent-Length: 0\r\n\r\n", want: []int{299}, seen: 1},
		{name: "an error of the app", send: get(""), answer: "HTTP/1.1 503 Busy\r\nX-Backend: yes\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy", want: []int{503}, seen: 1},
		{name: "cookies of the app", send: get(""), answer: ok("Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n", ""), want: []int{200}, seen: 1},
		{name: "early hints", alone: "nginx 1.22 takes 103 for the answer itself", send: get(""), answer: "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + plain, want: []int{200}, seen: 1},
		{name: "an upgrade", send: get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n"), more: "\x82\x02hi and \x00 more",
			answer: "HTTP/1.1 101 Switching Protocols\r\nX-Backend: yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", want: []int{101}, seen: 1},
		{name: "bytes before the upgrade is made", send: get("Connection: Upgrade\r\nUpgrade: x\r\n") + "ea", more: "rly",
			answer: "HTTP/1.1 101 Switching Protocols\r\nX-Backend: yes\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", want: []int{101}, seen: 1},
		{name: "a request right behind an upgrade that is not made", send: get("Connection: Upgrade\r\nUpgrade: h2c\r\n") + get(""), want: []int{200, 200}, seen: 2},
		{name: "an upgrade that the app does not make", send: get("Connection: Upgrade\r\nUpgrade: h2c\r\n"), want: []int{200}, seen: 1},
	}
}

func slicesOf(status, n int) []int {
	var all []int
	for range n {
		all = append(all, status)
	}
	return all
}
