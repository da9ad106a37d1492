package config

import (
	"fmt"
	"maps"
	"net"
	"slices"
)

// validateStatic reports what is wrong with the addresses of versions.
func (r Runtime) validateStatic(tell report) {
	if r.Type != runtimeStatic && len(r.Static) > 0 {
		tell("static", "it is for type: static", "write type: static, or remove static")
		return
	}
	seen := map[string]string{}
	for _, version := range slices.Sorted(maps.Keys(r.Static)) {
		path := entry("static", version)
		checkAddresses(r.Static[version], path, tell)
		for i, addr := range r.Static[version] {
			if other := seen[addr]; other != "" && other != version {
				tell(element(path, i), fmt.Sprintf("%s is an address of %s too: then nobody could tell which of the two answers", addr, other), "give each version addresses of its own")
			}
			seen[addr] = version
		}
	}
}

func checkAddresses(list []string, path string, tell report) {
	for i, addr := range list {
		host, port, err := net.SplitHostPort(addr)
		switch {
		case err != nil || host == "" || port == "":
			tell(element(path, i), fmt.Sprintf("%q is not an address", printable(addr)), "write host:port, such as 10.0.0.1:8080")
		case slices.Contains(list[:i], addr):
			tell(element(path, i), addr+" is named twice", "remove one of them")
		}
	}
}

// validateAddresses makes sure that a release has as many addresses as its app
// has instances.
func (r *Release) validateAddresses(a *App) {
	to := r.Spec.To
	tell := r.doc.reporter("spec.to")
	if a.Spec.Runtime.Type != runtimeStatic {
		if len(to.Addresses) > 0 {
			tell("addresses", "the app's runtime is not static", "write runtime: {type: static} in the app, or remove addresses")
		}
		return
	}
	checkAddresses(to.Addresses, "addresses", tell)
	c, _ := a.component()
	if have := len(a.addresses(r)); have < c.Replicas {
		tell("version", fmt.Sprintf("%s has %d addresses, and the app %d replicas", to.Version, have, c.Replicas),
			fmt.Sprintf("name the addresses of %s in spec.runtime.static of the app, or in spec.to.addresses here", to.Version))
	}
}

// addresses are where the version of a release answers.
func (a *App) addresses(r *Release) []string {
	if len(r.Spec.To.Addresses) > 0 {
		return r.Spec.To.Addresses
	}
	return a.Spec.Runtime.Static[string(r.Spec.To.Version)]
}
