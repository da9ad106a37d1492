package lane

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

func TestFramesAreFollowedHoweverTheBytesAreCut(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 125, 126, 127, 65535, 65536, 70000}
	rapid.Check(t, func(t *rapid.T) {
		var f frames
		for range rapid.IntRange(1, 5).Draw(t, "frames") {
			close := rapid.Bool().Draw(t, "close")
			frame := frame(close, rapid.Bool().Draw(t, "masked"), rapid.SampledFrom(sizes).Draw(t, "size"))
			before := f.closed
			for len(frame) > 0 {
				n := rapid.IntRange(1, len(frame)).Draw(t, "piece")
				f.feed(frame[:n])
				frame = frame[n:]
				if len(frame) > 0 && f.between() {
					t.Fatalf("between two frames with %d bytes to come", len(frame))
				}
			}
			if !f.between() || f.closed != (before || close) {
				t.Fatalf("after the frame: between %v, closed %v", f.between(), f.closed)
			}
		}
	})
}

// frame has a payload of close opcodes, which must not be taken for a head.
func frame(close, masked bool, size int) []byte {
	b := []byte{0x82, 0}
	if close {
		b[0] = 0x88
	}
	switch {
	case size > 65535:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(size))
	case size > 125:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(size))
	default:
		b[1] = byte(size)
	}
	if masked {
		b[1] |= 0x80
		b = append(b, 0x88, 0x88, 0x88, 0x88)
	}
	for range size {
		b = append(b, 0x88)
	}
	return b
}
