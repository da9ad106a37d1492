package mirror

import (
	"errors"
	"sync/atomic"
)

// The reasons for which a body is not kept.
var (
	errLarge  = errors.New("the body is too large")
	errMemory = errors.New("too much is held already")
)

// budget bounds what all bodies together take.
type budget struct {
	left atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

// body gathers bytes within a budget. free gives back what it took.
type body struct {
	from  *budget
	limit int
	bytes []byte
}

// expect makes room for n bytes at once, if n is known.
func (b *body) expect(n int64) error {
	if n <= 0 {
		return nil
	}
	if n > int64(b.limit) {
		return errLarge
	}
	return b.grow(int(n))
}

func (b *body) add(p []byte) error {
	need := len(b.bytes) + len(p)
	switch {
	case need > b.limit:
		return errLarge
	case need > cap(b.bytes):
		if err := b.grow(min(max(need, 2*cap(b.bytes), 4<<10), b.limit)); err != nil {
			return err
		}
	}
	b.bytes = append(b.bytes, p...)
	return nil
}

func (b *body) grow(to int) error {
	if !b.from.take(int64(to - cap(b.bytes))) {
		return errMemory
	}
	more := make([]byte, len(b.bytes), to)
	copy(more, b.bytes)
	b.bytes = more
	return nil
}

// free may be called more than once.
func (b *body) free() {
	b.from.left.Add(int64(cap(b.bytes)))
	b.bytes = nil
}

// Write implements io.Writer.
func (b *body) Write(p []byte) (int, error) {
	if err := b.add(p); err != nil {
		return 0, err
	}
	return len(p), nil
}
