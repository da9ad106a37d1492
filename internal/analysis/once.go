package analysis

import "time"

// onceSlots is how many clients Once can tell apart at a time.
const onceSlots = 1 << 14

// Once counts each client once in a while: a client that retries on the same
// version fails many times for one reason. It needs a fixed 400 kB and is not
// safe for use by several goroutines at once. Use one Once for both versions:
// two clients that fall on the same slot count as one, and that must befall
// both versions alike. The zero value is not usable.
type Once struct {
	every time.Duration
	last  []time.Time
}

// OncePer is how long a client that has failed does not count again.
const OncePer = 10 * time.Second

// NewOnce returns one that counts a client again after every.
func NewOnce(every time.Duration) *Once {
	return &Once{every: every, last: make([]time.Time, onceSlots)}
}

// First says whether a bad request of the client at the version (any numbers
// that identify them, such as hashes) is to be counted.
func (o *Once) First(version, client uint64, at time.Time) bool {
	x := client ^ version*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	slot := &o.last[(x^x>>31)%onceSlots]
	if since := at.Sub(*slot); !slot.IsZero() && since >= 0 && since < o.every {
		return false
	}
	*slot = at
	return true
}
