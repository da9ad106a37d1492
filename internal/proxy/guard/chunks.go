package guard

import "math"

// place is where in a chunked body a reader stands.
type place byte

const (
	inSize place = iota
	inExtension
	afterSize // CR seen
	inData
	afterData // the CR after a chunk
	endOfData // the LF after that
	inTrailer
	afterTrailer // CR seen
	theEnd
)

// mostExtra bounds what is no data in a chunked body: one chunk's extension,
// and all trailers together. net/http takes somewhat more.
const mostExtra = 2 << 10

// chunks follows a chunked body (RFC 9112, section 7.1) and refuses what
// readers are known to disagree about.
type chunks struct {
	place  place
	digits int
	size   int64
	extra  int    // bytes of the extension or the trailers so far
	field  []byte // the trailer under way
}

// read goes through p up to the end of the body and returns how far that is.
func (c *chunks) read(p []byte) (int, *Refusal) {
	for i := 0; i < len(p); {
		if c.place == inData {
			n := min(c.size, int64(len(p)-i))
			if c.size -= n; c.size == 0 {
				c.place = afterData
			}
			i += int(n)
			continue
		}
		if r := c.next(p[i]); r != nil {
			return i, r
		}
		if i++; c.place == theEnd {
			return i, nil
		}
	}
	return len(p), nil
}

func (c *chunks) next(b byte) *Refusal {
	switch c.place {
	case inSize:
		return c.inSize(b)
	case inExtension:
		return c.inExtension(b)
	case afterSize:
		return c.begin(b)
	case afterData:
		return c.expect(b, '\r', endOfData)
	case endOfData:
		c.digits, c.size = 0, 0
		return c.expect(b, '\n', inSize)
	case inTrailer:
		return c.inTrailer(b)
	}
	return c.endOfLine(b)
}

func (c *chunks) expect(b, want byte, then place) *Refusal {
	if b != want {
		return malformed("a chunk is longer than it says")
	}
	c.place = then
	return nil
}

func (c *chunks) inSize(b byte) *Refusal {
	digit := int64(-1)
	switch {
	case b >= '0' && b <= '9':
		digit = int64(b - '0')
	case b >= 'a' && b <= 'f':
		digit = int64(b-'a') + 10
	case b >= 'A' && b <= 'F':
		digit = int64(b-'A') + 10
	case c.digits == 0:
		return malformed("a chunk has no size")
	case b == '\r':
		c.place = afterSize
		return nil
	case b == ';':
		c.place, c.extra = inExtension, 0
		return nil
	default:
		return malformed("the size of a chunk is no number")
	}
	if c.digits++; c.digits > 16 || c.size > math.MaxInt64>>4 {
		return malformed("the size of a chunk is beyond all numbers")
	}
	c.size = c.size<<4 | digit
	return nil
}

func (c *chunks) inExtension(b byte) *Refusal {
	if c.extra++; c.extra > mostExtra {
		return malformed("the extension of a chunk is too long")
	}
	switch {
	case b == '\r':
		c.place = afterSize
	case b < ' ' && b != '\t' || b == 0x7f:
		return malformed("the extension of a chunk has a character that has no place in it")
	}
	return nil
}

func (c *chunks) begin(b byte) *Refusal {
	then := inData
	if c.size == 0 {
		then, c.extra = inTrailer, 0
	}
	if b != '\n' {
		return malformed("a line does not end in CR and LF")
	}
	c.place = then
	return nil
}

func (c *chunks) inTrailer(b byte) *Refusal {
	if c.extra++; c.extra > mostExtra {
		return malformed("the trailers are too long")
	}
	if b == '\r' {
		c.place = afterTrailer
		return nil
	}
	c.field = append(c.field, b)
	return nil
}

// endOfLine ends a trailer, or the body if that is empty.
func (c *chunks) endOfLine(b byte) *Refusal {
	if b != '\n' {
		return malformed("a line does not end in CR and LF")
	}
	if len(c.field) == 0 {
		c.place = theEnd
		return nil
	}
	h := newHead()
	r := h.field(c.field)
	if r == nil && (h.hosts > 0 || h.length >= 0 || h.chunked) {
		r = malformed("a trailer has a name that belongs before the body")
	}
	c.place, c.field = inTrailer, c.field[:0]
	return r
}
