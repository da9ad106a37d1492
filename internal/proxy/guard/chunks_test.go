package guard

import (
	"bytes"
	"io"
	"net/http/httputil"
	"testing"

	"cutover/internal/release"
)

func FuzzAHeadIsJudgedTheSameInWhateverPiecesItComes(f *testing.F) {
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nPOST /x HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\n folded\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
	} {
		f.Add([]byte(text), uint8(7))
	}
	most := release.Limits{HeaderBytes: 512, Headers: 8}.Resolved()
	f.Fuzz(func(t *testing.T, text []byte, step uint8) {
		whole := newHead()
		done, refusal := whole.read(text, most)
		parts := newHead()
		for end := 0; end < len(text); {
			end = min(end+int(step)%9+1, len(text))
			gotDone, gotRefusal := parts.read(text[:end], most)
			if gotDone || gotRefusal != nil {
				if gotRefusal != refusal && (refusal == nil || gotRefusal == nil || *refusal != *gotRefusal) || gotDone != done {
					t.Fatalf("in parts %v %v, whole %v %v", gotDone, gotRefusal, done, refusal)
				}
				if done && parts != whole {
					t.Fatalf("in parts %+v, whole %+v", parts, whole)
				}
				return
			}
		}
		if len(text) > 0 && (done || refusal != nil) {
			t.Fatalf("in parts it goes on, whole %v %v", done, refusal)
		}
	})
}

func FuzzChunksThatPassAreReadAlike(f *testing.F) {
	for _, text := range []string{"5\r\nhello\r\n0\r\n\r\n", "0\r\nA: b\r\n\r\n", "a;x=y\r\n0123456789\r\n00\r\n\r\nGET", "5\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c chunks
		n, refusal := c.read(text)
		if n > len(text) || refusal != nil && c.place == theEnd {
			t.Fatalf("read %d of %d bytes, %v", n, len(text), refusal)
		}
		if refusal != nil || c.place != theEnd {
			return
		}
		rest := bytes.NewReader(text[:n])
		if _, err := io.Copy(io.Discard, httputil.NewChunkedReader(rest)); err != nil {
			t.Fatalf("passed %q, which another reader refuses: %v", text[:n], err)
		}
	})
}
