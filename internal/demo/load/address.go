package load

import "hash/fnv"

// AddressOf returns the line of the address that the request with this id
// writes: a third of them have no house number.
func AddressOf(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	line := "Road of " + id[:min(len(id), 8)] + " " + roads[h.Sum32()%uint32(len(roads))]
	if n := h.Sum32() / 7 % 300; n >= 100 {
		return line + " " + string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + "b"
	}
	return line
}

var roads = []string{"Oaks", "Elms", "the Lake", "High Hill"}
