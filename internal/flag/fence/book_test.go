package fence_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/flag/fence"
	"cutover/internal/release"
)

func TestAnOrderOlderThanOneThatWasLetInIsRefusedByWhoeverOpensTheBook(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, c := range []struct {
		app     string
		fence   uint64
		refused bool
	}{{"shop", 1, false}, {"shop", 3, false}, {"shop", 3, false}, {"shop", 2, true}, {"blog", 1, false}, {"shop", 4, false}} {
		held, err := fence.Book{Folder: folder}.Hold(t.Context(), release.Stamp{App: c.app, Key: "r1/1", Fence: c.fence})
		if errors.Is(err, release.ErrFenced) != c.refused || (err == nil) == c.refused {
			t.Errorf("%s with fence %d: %v", c.app, c.fence, err)
		}
		if err == nil {
			held.Release()
		}
	}
}

func TestOrdersForOneAppWaitForEachOtherAndNotForEver(t *testing.T) {
	t.Parallel()
	b := fence.Book{Folder: t.TempDir()}
	first, err := b.Hold(t.Context(), release.Stamp{App: "shop", Fence: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Hold(ctx, release.Stamp{App: "shop", Fence: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("while another is carried out: %v", err)
	}
	first.Release()
	second, err := b.Hold(t.Context(), release.Stamp{App: "shop", Fence: 1})
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
}

func TestABookThatCannotBeReadLetsNobodyIn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "shop.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (fence.Book{Folder: folder}).Hold(t.Context(), release.Stamp{App: "shop", Fence: 1}); err == nil || !strings.Contains(err.Error(), "shop.json") {
		t.Errorf("a torn page: %v", err)
	}
	if _, err := (fence.Book{Folder: folder}).Hold(t.Context(), release.Stamp{App: "../shop", Fence: 1}); err == nil {
		t.Error("an app's name leads out of the folder")
	}
}
