package guard

import (
	"bytes"
	"math"
	"strings"

	"cutover/internal/release"
)

// head judges the head of a request while it comes in. It is stricter than
// RFC 9112 where that leaves a reader a choice: two readers that choose
// differently see different requests.
type head struct {
	at, line int // read so far, and where the line under way begins
	began    bool
	skip     int // empty lines before the request
	fields   int

	minor   byte  // of the version, '0' or '1'
	length  int64 // of the body, -1 if none is given
	chunked bool
	hosts   int
	upgrade bool
}

func newHead() head { return head{length: -1} }

// read goes on through text, the whole of what has come in. It reports
// whether the head is complete; it then ends at h.at.
func (h *head) read(text []byte, most release.Limits) (bool, *Refusal) {
	for {
		end := bytes.IndexByte(text[h.at:], '\n')
		if end < 0 {
			h.at = len(text)
			return false, h.fits(most)
		}
		end += h.at
		if end == h.line || text[end-1] != '\r' {
			return false, malformed("a line does not end in CR and LF")
		}
		line := text[h.line : end-1]
		h.at, h.line = end+1, end+1
		if r := h.fits(most); r != nil {
			return false, r
		}
		done, r := h.next(line, most)
		if done || r != nil {
			return done, r
		}
	}
}

func (h *head) fits(most release.Limits) *Refusal {
	switch {
	case h.at <= most.HeaderBytes:
		return nil
	case !h.began:
		return longLine
	}
	return largeHead
}

// next takes one line. Empty ones before the request are what some clients
// send after a body, and say nothing.
func (h *head) next(line []byte, most release.Limits) (bool, *Refusal) {
	switch {
	case !h.began && len(line) == 0:
		h.skip = h.line
		return false, nil
	case !h.began:
		h.began = true
		return false, h.request(line)
	case len(line) == 0:
		return true, h.whole()
	}
	if h.fields++; h.fields > most.Headers {
		return false, manyNames
	}
	return false, h.field(line)
}

func (h *head) request(line []byte) *Refusal {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(rest, []byte(" "))
	if !token(method) || len(target) == 0 {
		return malformed("the first line is no method, target and version")
	}
	for _, c := range target {
		if c <= ' ' || c == 0x7f {
			return malformed("the target has a character that has no place in it")
		}
	}
	if len(version) != 8 || !bytes.HasPrefix(version, []byte("HTTP/")) || version[6] != '.' || !digit(version[5]) || !digit(version[7]) {
		return malformed("the first line does not end in a version of HTTP")
	}
	if version[5] != '1' || version[7] > '1' {
		return otherHTTP
	}
	h.minor = version[7]
	return nil
}

func (h *head) field(line []byte) *Refusal {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || !token(name) {
		return malformed("a header has no name, a space in its name, or goes on in a second line")
	}
	value = bytes.Trim(value, " \t")
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return malformed("a header has a character that has no place in it")
		}
	}
	switch {
	case is(name, "host"):
		h.hosts++
	case is(name, "content-length"):
		return h.sized(value)
	case is(name, "transfer-encoding"):
		return h.coded(value)
	case is(name, "upgrade"):
		h.upgrade = true
	}
	return nil
}

func (h *head) sized(value []byte) *Refusal {
	if h.length >= 0 {
		return malformed("the length of the body is given twice")
	}
	if len(value) == 0 {
		return malformed("the length of the body is no number")
	}
	var n int64
	for _, c := range value {
		if !digit(c) {
			return malformed("the length of the body is no number")
		}
		if n > (math.MaxInt64-9)/10 {
			return malformed("the length of the body is beyond all numbers")
		}
		n = n*10 + int64(c-'0')
	}
	h.length = n
	return nil
}

func (h *head) coded(value []byte) *Refusal {
	if h.chunked {
		return malformed("the encoding of the body is given twice")
	}
	if !is(value, "chunked") {
		return malformed("the body has an encoding other than chunked")
	}
	h.chunked = true
	return nil
}

// whole judges what only the whole head shows.
func (h *head) whole() *Refusal {
	switch {
	case h.chunked && h.length >= 0:
		return malformed("the body has both a length and an encoding")
	case h.chunked && h.minor == '0':
		return malformed("HTTP/1.0 has no chunked bodies")
	case h.hosts > 1:
		return malformed("there are two Host headers")
	case h.hosts == 0 && h.minor == '1':
		return malformed("there is no Host header")
	}
	return nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func is(text []byte, lower string) bool {
	return len(text) == len(lower) && strings.EqualFold(string(text), lower)
}

func token(text []byte) bool {
	for _, c := range text {
		if !tokens[c] {
			return false
		}
	}
	return len(text) > 0
}

// tokens are the characters that names are made of (RFC 9110, 5.6.2).
var tokens = func() (set [256]bool) {
	for c := range 256 {
		set[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c < 0x80 && strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0
	}
	return set
}()
