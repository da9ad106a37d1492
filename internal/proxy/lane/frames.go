package lane

import "encoding/binary"

// frames follows the WebSocket frames (RFC 6455, section 5.2) in a stream of
// bytes, just enough to know where one ends and whether one said "close".
type frames struct {
	head   [14]byte
	have   int    // bytes of the head so far
	left   uint64 // bytes of the payload still to come
	closed bool
}

const opcodeClose = 8

// feed takes the next bytes of the stream.
func (f *frames) feed(p []byte) {
	for len(p) > 0 {
		if f.left > 0 {
			n := min(f.left, uint64(len(p)))
			f.left -= n
			p = p[n:]
			continue
		}
		f.head[f.have] = p[0]
		f.have++
		p = p[1:]
		if f.have >= 2 && f.have == f.headSize() {
			f.begin()
		}
	}
}

// between reports whether the stream stands between two frames.
func (f *frames) between() bool { return f.have == 0 && f.left == 0 }

func (f *frames) headSize() int {
	size := 2
	switch f.head[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.head[1]&0x80 != 0 {
		size += 4 // the mask
	}
	return size
}

func (f *frames) begin() {
	if f.head[0]&0x0f == opcodeClose {
		f.closed = true
	}
	switch n := f.head[1] & 0x7f; n {
	case 126:
		f.left = uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 127:
		f.left = binary.BigEndian.Uint64(f.head[2:])
	default:
		f.left = uint64(n)
	}
	f.have = 0
}
