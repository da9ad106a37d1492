package load

import (
	"fmt"
	"strings"
	"testing"
)

func TestAddressesComeWithAndWithoutAHouseNumberAndAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	with, without := 0, 0
	for n := range 300 {
		id := fmt.Sprintf("ABCDEFGH-%d", n)
		line := AddressOf(id)
		if line != AddressOf(id) || len(line) == 0 {
			t.Fatalf("the address of %s is %q, then %q", id, line, AddressOf(id))
		}
		if strings.HasSuffix(line, "b") && strings.ContainsAny(line[len(line)-3:], "0123456789") {
			with++
		} else {
			without++
		}
	}
	if with < 50 || without < 50 {
		t.Errorf("%d have a house number, %d have none", with, without)
	}
}
