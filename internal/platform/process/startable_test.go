package process_test

import (
	"strings"
	"testing"

	"cutover/internal/platform/process"
)

func TestWhetherAnOrderCouldBeFulfilledIsToldWithoutStartingAnything(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.open(process.Options{})
	order := h.order(2)
	if err := p.Startable(order); err != nil {
		t.Fatalf("an order that can be fulfilled: %v", err)
	}
	order.Artefact.Command = []string{"frobnicate"}
	if err := p.Startable(order); err == nil || !strings.Contains(err.Error(), "not found in PATH") {
		t.Fatalf("a command that is not there: %v", err)
	}
	order.Digest = "../gone"
	if err := p.Startable(order); err == nil || !strings.Contains(err.Error(), "digest") {
		t.Fatalf("a digest that leads out: %v", err)
	}
	if list := observe(t, p); len(list) > 0 {
		t.Fatalf("there are %+v", list)
	}
}
