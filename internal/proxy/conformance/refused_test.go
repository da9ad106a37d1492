package conformance

import "strings"

// smuggled is the second request that nobody must ever see.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n"

// refusedCases are requests that two readers might understand differently.
// All of them are answered 400 and the connection is closed.
func refusedCases() []exchange {
	heads := map[string]string{
		"CL.TE":                           post("Content-Length: 6\r\n"+chunked, "0\r\n\r\n"+smuggled),
		"TE.CL":                           post(chunked+"Content-Length: 4\r\n", "5c\r\n"+smuggled+"0\r\n\r\n"),
		"a length of 0 and chunks":        post("Content-Length: 0\r\n"+chunked, "0\r\n\r\n"),
		"TE twice":                        post(chunked+chunked, "0\r\n\r\n"+smuggled),
		"TE twice, one unknown":           post(chunked+"Transfer-Encoding: x\r\n", "0\r\n\r\n"+smuggled),
		"TE identity":                     post("Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "abc"),
		"TE xchunked":                     post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"+smuggled),
		"TE chunked, identity":            post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"+smuggled),
		"TE gzip, chunked":                post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"+smuggled),
		"TE in quotes":                    post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"+smuggled),
		"TE with a vertical tab":          post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"+smuggled),
		"TE with a NUL":                   post("Transfer-Encoding: chunked\x00\r\n", "0\r\n\r\n"+smuggled),
		"TE empty":                        post("Transfer-Encoding:\r\nContent-Length: 3\r\n", "abc"),
		"TE and a space before the colon": post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"+smuggled),
		"TE after a tab":                  post("\tTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled),
		"TE behind a bare CR":             post("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled),
		"TE behind a bare LF":             post("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled),
		"TE on HTTP/1.0":                  "POST / HTTP/1.0\r\nHost: shop\r\n" + chunked + "\r\n0\r\n\r\n" + smuggled,
		"two lengths":                     post("Content-Length: 5\r\nContent-Length: 0\r\n", smuggled),
		"the same length twice":           post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
		"a list of lengths":               post("Content-Length: 3, 3\r\n", "abc"),
		"a negative length":               post("Content-Length: -1\r\n", smuggled),
		"a length with a plus":            post("Content-Length: +3\r\n", "abc"+smuggled),
		"a length in hex":                 post("Content-Length: 0x3\r\n", "abc"+smuggled),
		"a length with a blank inside":    post("Content-Length: 1 0\r\n", smuggled),
		"a length beyond numbers":         post("Content-Length: 18446744073709551619\r\n", "abc"+smuggled),
		"an empty length":                 post("Content-Length:\r\n", smuggled),
		"a length and a space":            post("Content-Length : 5\r\n", "hello"+smuggled),
		"a folded header":                 get("X-Folded: a\r\n b\r\n"),
		"a folded first header":           "GET / HTTP/1.1\r\n Host: shop\r\n\r\n",
		"a name with a space":             get("X Y: z\r\n"),
		"a header without a colon":        get("nonsense\r\n"),
		"a header without a name":         get(": nameless\r\n"),
		"a NUL in a value":                get("X-Nul: a\x00b\r\n"),
		"a control in a value":            get("X-Bell: a\x07b\r\n"),
		"a bare CR in a value":            get("X-Cr: a\rb\r\n"),
		"bare LFs":                        "GET / HTTP/1.1\nHost: shop\n\n",
		"a bare LF at the end":            "GET / HTTP/1.1\r\nHost: shop\r\n\n",
		"no Host":                         "GET / HTTP/1.1\r\n\r\n",
		"two Hosts":                       "GET / HTTP/1.1\r\nHost: shop\r\nHost: other\r\n\r\n",
		"a Host with a blank":             "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
		"a Host with a slash":             "GET / HTTP/1.1\r\nHost: shop/x\r\n\r\n",
		"a target with a blank":           "GET /a b HTTP/1.1\r\nHost: shop\r\n\r\n",
		"a target with a NUL":             "GET /a\x00b HTTP/1.1\r\nHost: shop\r\n\r\n",
		"two blanks before the target":    "GET  / HTTP/1.1\r\nHost: shop\r\n\r\n",
		"a target without a slash":        "GET a HTTP/1.1\r\nHost: shop\r\n\r\n",
		"no version":                      "GET /\r\n\r\n",
		"a version in small letters":      "GET / http/1.1\r\nHost: shop\r\n\r\n",
		"a method with a colon":           "G:T / HTTP/1.1\r\nHost: shop\r\n\r\n",
		"CONNECT":                         "CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n",
		"a TLS greeting":                  "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
		"a percent sign and no number":    "GET /%zz HTTP/1.1\r\nHost: shop\r\n\r\n",
	}
	bodies := map[string]string{
		"a chunk without a size":             "\r\nhello\r\n0\r\n\r\n",
		"a chunk with a size that is none":   "xyz\r\nhello\r\n0\r\n\r\n",
		"a chunk with a sign":                "+5\r\nhello\r\n0\r\n\r\n",
		"a chunk in 0x":                      "0x5\r\nhello\r\n0\r\n\r\n",
		"a chunk with a blank behind":        "5 \r\nhello\r\n0\r\n\r\n",
		"a chunk beyond numbers":             "ffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
		"a chunk with a negative size":       "-1\r\nhello\r\n0\r\n\r\n",
		"a chunk longer than it says":        "3\r\nhello\r\n0\r\n\r\n",
		"a chunk that ends in LF":            "5\r\nhello\n0\r\n\r\n",
		"a size that ends in LF":             "5\nhello\r\n0\r\n\r\n",
		"a last chunk that ends in LF":       "5\r\nhello\r\n0\n\n" + smuggled,
		"an extension with LF":               "5;a\nb\r\nhello\r\n0\r\n\r\n",
		"an extension with CR":               "5;a\rb\r\nhello\r\n0\r\n\r\n",
		"an extension without end":           "5;" + strings.Repeat("a", 20<<10) + "\r\nhello\r\n0\r\n\r\n",
		"a trailer with a length":            "1\r\na\r\n0\r\nContent-Length: 50\r\n\r\n",
		"a trailer with a space in its name": "1\r\na\r\n0\r\nX Y: z\r\n\r\n",
		"a trailer that ends in LF":          "1\r\na\r\n0\r\nX: y\n\r\n",
	}
	var all []exchange
	for name, send := range heads {
		all = append(all, exchange{name: name, send: send, want: []int{400}, closed: true, otherwise: served[name], differs: differences[name]})
	}
	for name, body := range bodies {
		all = append(all, exchange{name: name, send: post(chunked, body), want: []int{400}, closed: true, otherwise: served[name], differs: differences[name]})
	}
	all = append(all, exchange{name: "a refused request behind an upgrade that is not made",
		send: get("Connection: Upgrade\r\nUpgrade: h2c\r\n") + "GET /smuggled HTTP/1.1\nHost: shop\n\n",
		want: []int{200, 400}, closed: true, seen: 1, otherwise: takesLF})
	return sorted(all)
}
