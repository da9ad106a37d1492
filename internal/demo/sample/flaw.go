package sample

import (
	"hash/fnv"
	"math"
)

// Fails reports whether a version with the given FailShare answers the
// request with this id with 500. It depends on nothing but the id, so a test
// can tell the exact requests that fail. A request without an id never
// fails: like many real flaws this one is not seen by health and smoke
// checks, only by users.
func Fails(share float64, id string) bool {
	if id == "" || share <= 0 {
		return false
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return float64(mix(h.Sum64())) < share*math.MaxUint64
}

// mix spreads ids that differ only in their last digits over the whole
// range, which FNV alone does not (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
