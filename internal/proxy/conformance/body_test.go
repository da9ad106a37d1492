package conformance

import "strings"

// post is a request with the fields and the body as they are.
func post(fields, body string) string {
	return "POST /upload HTTP/1.1\r\nHost: shop\r\n" + fields + "\r\n" + body
}

const chunked = "Transfer-Encoding: chunked\r\n"

// bodyCases are bodies both ways.
func bodyCases() []exchange {
	return []exchange{
		{name: "a body with a length", send: post("Content-Length: 5\r\n", "hello"), want: []int{200}, seen: 1},
		{name: "an empty body", send: post("Content-Length: 0\r\n", ""), want: []int{200}, seen: 1},
		{name: "no body", send: post("", ""), want: []int{200}, seen: 1},
		{name: "a GET with a body", send: get("Content-Length: 5\r\n") + "hello", want: []int{200}, seen: 1},
		{name: "chunks", send: post(chunked, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "chunks with sizes in every form", send: post(chunked, "0a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "no chunk at all", send: post(chunked, "0\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "chunks with extensions", send: post(chunked, "5;a=b;c=\"d\"\r\nhello\r\n0;last\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "chunked in capitals", send: post("Transfer-Encoding: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "a trailer to the app", send: post("Trailer: Sum\r\n"+chunked, "1\r\na\r\n0\r\nSum: 42\r\n\r\n"), want: []int{200}, seen: 1, differs: map[string]string{"backend": "nginx drops trailers"}},
		{name: "a request right behind chunks", send: post(chunked, "1\r\na\r\n0\r\n\r\n") + get(""), want: []int{200, 200}, seen: 2},
		{name: "a request right behind a body", send: post("Content-Length: 1\r\n", "a") + get(""), want: []int{200, 200}, seen: 2},
		{name: "a body of 200 KiB", send: post("Content-Length: 204800\r\n", strings.Repeat("0123456789abcdef", 12800)), want: []int{200}, seen: 1},
		{name: "a body that is waited for", send: post("Expect: 100-continue\r\nContent-Length: 5\r\n", ""), more: "hello", want: []int{200}, seen: 1, differs: map[string]string{"backend": "nginx says 100 itself; ours leaves it to the app to refuse a large body first"}},
		{name: "an answer in chunks", send: get(""), answer: ok(chunked, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "an answer in chunks with extensions", send: get(""), answer: ok(chunked, "5;x=y\r\nhello\r\n0\r\n\r\n"), want: []int{200}, seen: 1},
		{name: "a trailer to the client", send: get("TE: trailers\r\n"), answer: ok("Trailer: Sum\r\n"+chunked, "1\r\na\r\n0\r\nSum: 42\r\n\r\n"), want: []int{200}, seen: 1, differs: map[string]string{"trailers": "nginx drops trailers", "backend": "nginx does not offer trailers to the app"}},
		{name: "an answer until the end of the connection", send: get(""), answer: ok("Connection: close\r\n", "until the end"), want: []int{200}, seen: 1},
		{name: "an empty answer", send: get(""), answer: ok("Content-Length: 0\r\n", ""), want: []int{200}, seen: 1},
		{name: "an app that ends the connection", send: get(""), answer: ok("Content-Length: 2\r\nConnection: close\r\n", "ok"), want: []int{200}, seen: 1},
		{name: "an answer that breaks off", send: get(""), answer: ok("Content-Length: 9\r\nConnection: close\r\n", "half"), want: []int{200}, closed: true, seen: 1},
		{name: "an app that says nothing", send: post("Content-Length: 1\r\n", "a"), answer: "Connection: close\r\n", want: []int{502}, seen: 1, otherwise: "nginx takes bytes that are no HTTP for an answer of HTTP/0.9"},
		{name: "an answer with two lengths", send: get(""), answer: ok("Content-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n", "ok!"), want: []int{502}, seen: 1, otherwise: "nginx believes the last length; RFC 9112, 6.3 has 502 for it"},
		{name: "an answer with a length and chunks", send: get(""), answer: ok("Content-Length: 2\r\nConnection: close\r\n"+chunked, "1\r\na\r\n0\r\n\r\n"), want: []int{200}, seen: 1},
	}
}
