package traffic_test

import (
	"context"
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/traffic"
)

// book is a front end that notes what it was told.
type book struct{ routed, observed, closed int }

func (b *book) Observe(context.Context, string) (release.Traffic, error) {
	b.observed++
	return release.Traffic{Known: true}, nil
}
func (b *book) Route(context.Context, release.RouteOrder) error         { b.routed++; return nil }
func (b *book) CloseStreams(context.Context, release.StreamOrder) error { b.closed++; return nil }

func TestEveryAppIsServedByTheFrontItsReleaseNames(t *testing.T) {
	t.Parallel()
	own, other := &book{}, &book{}
	fronts := map[string]release.Front{"wiki": {Driver: "other"}, "mail": {Driver: "pigeons"}}
	s := &traffic.Set{Members: map[string]traffic.Member{traffic.Embedded: own, "other": other}, Front: func(app string) release.Front { return fronts[app] }}
	for app, want := range map[string]*book{"shop": own, "wiki": other} {
		order := release.RouteOrder{Stamp: release.Stamp{App: app}, Route: release.Route{Front: fronts[app]}}
		if err := s.Route(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		if seen, err := s.Observe(t.Context(), app); err != nil || !seen.Known {
			t.Fatal(seen, err)
		}
		if err := s.CloseStreams(t.Context(), release.StreamOrder{Stamp: order.Stamp}); err != nil {
			t.Fatal(err)
		}
		if *want != (book{1, 1, 1}) {
			t.Errorf("the front of %s was told %+v", app, *want)
		}
	}
	if _, err := s.Observe(t.Context(), "mail"); err == nil || !strings.Contains(err.Error(), `cannot steer "pigeons"`) {
		t.Errorf("%v: what cannot be asked is not known", err)
	}
}
