package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/release"
)

func TestARefusalIsToldApartOnTheOtherEndOfTheSocket(t *testing.T) {
	t.Parallel()
	for _, sent := range []error{release.ErrFenced, ErrGeneration, ErrInvalid, ErrListen} {
		status, f := failureOf(fmt.Errorf("%w: because", sent))
		wire, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var got failure
		if err := json.Unmarshal(wire, &got); err != nil {
			t.Fatal(err)
		}
		if back := got.err(); !errors.Is(back, sent) || !strings.HasSuffix(back.Error(), ": because") || status < 400 || status > 499 {
			t.Errorf("%v came back as %d %v", sent, status, back)
		}
	}
	if status, f := failureOf(errors.New("disk full")); status != 500 || f.err().Error() != "disk full" {
		t.Errorf("an unknown failure is %d %+v", status, f)
	}
}

func TestASocketLeftByAKilledProxyIsReplaced(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "cutover")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	for range 2 {
		ln, err := Listen(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		ln.SetUnlinkOnClose(false)
		ln.Close()
	}
}
