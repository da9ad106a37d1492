package lane

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
)

const (
	traceHeader = "Traceparent"
	stateHeader = "Tracestate"
)

// trace is what a request is called in the traces of everybody it passes
// (W3C Trace Context). One that comes in is kept, else the proxy begins one.
type trace struct {
	parent string
	begun  bool // by the proxy
}

// traceOf reads the trace that a request belongs to.
func traceOf(h http.Header) trace {
	if in := h[traceHeader]; len(in) == 1 && isParent(in[0]) {
		return trace{parent: in[0]}
	}
	return trace{parent: newParent(), begun: true}
}

// id names the request in logs and in the proxy's own answers.
func (t trace) id() string {
	if len(t.parent) < 35 {
		return ""
	}
	return t.parent[3:35]
}

// give hands the trace on. A state without the trace it belongs to is dropped.
func (t trace) give(h http.Header) {
	if t.begun {
		h.Del(stateHeader)
	}
	h[traceHeader] = []string{t.parent}
}

// isParent reports whether text is a traceparent that may be passed on:
// version, trace id, span id, flags, in lower case and not all zero. Later
// versions may have more behind these.
func isParent(text string) bool {
	if len(text) < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' {
		return false
	}
	version, id, span, flags := text[:2], text[3:35], text[36:52], text[53:55]
	for _, part := range []string{version, id, span, flags} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	if version == "ff" || strings.Trim(id, "0") == "" || strings.Trim(span, "0") == "" {
		return false
	}
	return len(text) == 55 || version != "00" && text[55] == '-' && len(text) <= 512
}

func newParent() string {
	var b [24]byte
	for i := 0; i < len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], rand.Uint64()|1) // never all zero
	}
	var room [len("00-") + 32 + len("-") + 16 + len("-00")]byte
	out := append(room[:0], "00-"...)
	out = append(hex.AppendEncode(out, b[:16]), '-')
	out = append(hex.AppendEncode(out, b[16:]), "-00"...)
	return string(out)
}
