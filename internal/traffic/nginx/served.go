package nginx

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"cutover/internal/release"
)

// served is a route as nginx has it. It is part of the file, and every worker
// that has read the file repeats it when it is asked.
type served struct {
	App        string `json:"app"`
	Fence      uint64 `json:"fence"`
	Generation uint64 `json:"generation"`
	// Nonce is another one in each file that is written.
	Nonce string        `json:"nonce"`
	Route release.Route `json:"route"`
	// Former are endpoints of routes before that may have work in flight.
	Former release.Sides[[]release.Endpoint] `json:"former,omitzero"`
}

// longest is what nginx takes as one word of its configuration.
const longest = 4000

// encode writes it as one word that means nothing to nginx.
func (s served) encode() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write the route as JSON: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", fmt.Errorf("pack the route: %w", err)
	}
	word := base64.RawURLEncoding.EncodeToString(packed.Bytes())
	if len(word) > longest {
		return "", fmt.Errorf("the route has %d characters and nginx takes %d: use fewer replicas", len(word), longest)
	}
	return word, nil
}

// mostUnpacked bounds what a word may unpack to.
const mostUnpacked = 1 << 20

func decode(word string) (served, error) {
	packed, err := base64.RawURLEncoding.DecodeString(word)
	if err != nil {
		return served{}, fmt.Errorf("read the route: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), mostUnpacked))
	if err != nil {
		return served{}, fmt.Errorf("unpack the route: %w", err)
	}
	var s served
	if err := json.Unmarshal(text, &s); err != nil {
		return served{}, fmt.Errorf("read the route: %w", err)
	}
	return s, nil
}

// follow returns what comes after it.
func (s served) follow(order release.RouteOrder, nonce string) served {
	next := served{App: order.App, Fence: order.Fence, Generation: s.Generation + 1, Nonce: nonce, Route: order.Route}
	for _, side := range []release.Side{release.Blue, release.Green} {
		now := next.Route.Sides.Of(side).Endpoints
		for _, e := range append(append([]release.Endpoint{}, s.Route.Sides.Of(side).Endpoints...), *s.Former.Of(side)...) {
			former := next.Former.Of(side)
			if !has(now, e) && !has(*former, e) && len(*former) < mostFormer {
				*former = append(*former, e)
			}
		}
	}
	return next
}

// mostFormer bounds how many endpoints of earlier routes are watched.
const mostFormer = 8

func has(list []release.Endpoint, e release.Endpoint) bool {
	for _, l := range list {
		if l == e {
			return true
		}
	}
	return false
}
