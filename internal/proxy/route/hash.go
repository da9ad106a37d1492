package route

import (
	"encoding/binary"
	"math/bits"

	"cutover/internal/release"
)

// Seed turns a release's salt into the start value for Position.
func Seed(salt string) uint64 { return Hash(0x6375746f76657221, salt) }

// Position places key on the scale 0..9999, evenly and independently for
// each seed. The same seed and key always give the same position.
func Position(seed uint64, key string) release.Weight {
	return Scale(Hash(seed, key))
}

// Scale maps a random number to the scale 0..9999.
func Scale(random uint64) release.Weight {
	high, _ := bits.Mul64(random, uint64(release.All))
	return release.Weight(high)
}

// Hash is the number behind Position: Scale of it is the position. It mixes every eight bytes with a full finaliser. Names that differ in
// the last digit only, as user ids do, must end far apart: FNV fails that
// and puts up to three times too many of 200 users under a cut.
func Hash(h uint64, s string) uint64 {
	h = mix(h ^ uint64(len(s)))
	var block [8]byte
	for len(s) > 0 {
		block = [8]byte{}
		n := copy(block[:], s)
		s = s[n:]
		h = mix(h ^ binary.LittleEndian.Uint64(block[:]))
	}
	return h
}

// mix is the finaliser of splitmix64: one changed bit changes half of all.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
