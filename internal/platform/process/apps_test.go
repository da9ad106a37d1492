package process_test

import (
	"slices"
	"testing"

	"cutover/internal/platform/process"
)

func TestAppsAndTheirFencesOutliveTheirInstances(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(process.Options{})
	if apps, err := p.Apps(); err != nil || len(apps) > 0 {
		t.Fatalf("apps at first: %v, %v", apps, err)
	}
	if fence, err := p.Fence(app); err != nil || fence != 0 {
		t.Fatalf("fence at first: %d, %v", fence, err)
	}
	order := h.order(0)
	order.Fence = 42
	start(t, p, order)
	next := h.open(process.Options{})
	if apps, err := next.Apps(); err != nil || !slices.Equal(apps, []string{app}) {
		t.Errorf("apps: %v, %v", apps, err)
	}
	if fence, err := next.Fence(app); err != nil || fence != 42 {
		t.Errorf("fence: %d, %v; want 42", fence, err)
	}
	if _, err := next.Fence("../" + app); err == nil {
		t.Error("a fence was read from outside the folder")
	}
}
