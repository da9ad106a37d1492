package route

import (
	"fmt"
	"net/netip"
)

// Trust is a set of networks whose word about a client is believed. This
// machine's own addresses always belong to it.
type Trust []netip.Prefix

// ParseTrust reads networks such as 10.0.0.0/8, or single addresses.
func ParseTrust(networks []string) (Trust, error) {
	var out Trust
	for _, text := range networks {
		p, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); err != nil && single == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("trust has %q, want a network such as 10.0.0.0/8", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Has reports whether addr is believed.
func (t Trust) Has(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if addr.IsLoopback() {
		return true
	}
	for _, p := range t {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
