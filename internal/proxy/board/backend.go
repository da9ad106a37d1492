package board

import "cutover/internal/release"

// Backend says what the endpoints of the claim are spoken to in.
func (c *Claim) Backend() release.Protocol { return c.service.route.Route.Front.Backend }
