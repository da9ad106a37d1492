package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Router steers the proxy behind Client. It keeps no state of its own: every
// call looks at what the proxy really does.
type Router struct {
	Client *admin.Client
	// Secret returns the secret that leads to the private side of the release
	// with this salt, always the same for the same salt; "" or a nil Secret
	// leaves the private listener as the only way in. The proxy is told the
	// hash alone, and nothing is stored.
	Secret func(salt string) string
}

// tries bounds how often an order is made anew because another app's route
// changed between reading the table and writing it.
const tries = 20

// Observe reads what the proxy does for app.
func (r *Router) Observe(ctx context.Context, app string) (release.Traffic, error) {
	s, err := r.Client.Stats(ctx, app)
	if err != nil {
		return release.Traffic{}, fmt.Errorf("observe traffic of %s: %w", app, err)
	}
	return release.Traffic{
		Known: true, Served: s.Served, Generation: s.Generation, Epoch: s.Epoch,
		Salt: s.Route.Salt, Private: s.Route.Private,
		Mirror: s.Route.Mirror, Comparison: s.Comparison, Held: s.Held,
		Sides: release.Sides[release.SideTraffic]{
			Blue:  side(s.Route.Sides.Blue, s.Sides.Blue, s.Excluded.Blue),
			Green: side(s.Route.Sides.Green, s.Sides.Green, s.Excluded.Green),
		},
	}, nil
}

func side(r release.SideRoute, l ledger.Reading, out []release.Excluded) release.SideTraffic {
	return release.SideTraffic{
		Weight: r.Weight, Endpoints: r.Endpoints,
		Requests: l.Requests, Streams: l.Streams, Load: l.Load, Counters: l.Counters, Users: l.Users, Excluded: out,
	}
}

// Route makes the proxy serve the route. When it returns nil, no new request
// can take the one before, whatever is killed afterwards. An equal route
// changes nothing. It returns release.ErrFenced if the proxy has seen an
// order of a newer controller, and otherwise an error after which the route
// before or this one is served: repeat the order.
func (r *Router) Route(ctx context.Context, order release.RouteOrder) error {
	service := &route.Service{App: order.App, Route: order.Route, SecretHash: r.hash(order.Route)}
	for range tries {
		table, err := r.Client.Table(ctx)
		if err != nil {
			return fmt.Errorf("route %s: %w", order.App, err)
		}
		_, err = r.Client.Change(ctx, admin.Change{
			Generation: table.Generation, Fence: order.Fence, App: order.App, Service: service,
		})
		if err == nil {
			return nil
		}
		if !errors.Is(err, admin.ErrGeneration) {
			return fmt.Errorf("route %s: %w", order.App, err)
		}
	}
	return fmt.Errorf("route %s: the table changed under each of %d tries: %w", order.App, tries, admin.ErrGeneration)
}

// CloseStreams begins to close the streams of a side, spread as the route's
// Front says, and returns at once. An order that is being carried out is not
// begun again. It returns release.ErrFenced like Route.
func (r *Router) CloseStreams(ctx context.Context, order release.StreamOrder) error {
	_, err := r.Client.CloseStreams(ctx, admin.CloseStreams{App: order.App, Side: order.Side, Instances: order.Instances, Fence: order.Fence})
	if err != nil {
		return fmt.Errorf("close streams of %s, side %s: %w", order.App, order.Side, err)
	}
	return nil
}

func (r *Router) hash(to release.Route) string {
	if r.Secret == nil || to.Private == release.NoSide {
		return ""
	}
	secret := r.Secret(to.Salt)
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
