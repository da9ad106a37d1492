package logtail_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"cutover/internal/logtail"
)

func TestTheEndOfWhatIsWrittenIsKept(t *testing.T) {
	t.Parallel()
	e := logtail.NewEnd(5)
	for _, c := range [][2]string{{"", ""}, {"abc", "abc"}, {"def", "bcdef"}, {"0123456789", "56789"}} {
		if n, err := fmt.Fprint(e, c[0]); n != len(c[0]) || err != nil || e.String() != c[1] {
			t.Errorf("after %q it has %q (%d, %v), want %q", c[0], e.String(), n, err, c[1])
		}
	}
}

func TestSeveralMayWriteToOneEnd(t *testing.T) {
	t.Parallel()
	e := logtail.NewEnd(100)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				fmt.Fprint(e, "line\n")
			}
		})
	}
	wg.Wait()
	if e.String() != strings.Repeat("line\n", 20) {
		t.Errorf("it has %q", e.String())
	}
}
