package release

import (
	"errors"
	"fmt"
)

// MaxPage is the size in bytes that a page may have.
const MaxPage = 64 << 10

// Pages are what users see where no instance answers them. They go with the
// route, so that the front needs nothing else when everything else is gone.
type Pages struct {
	// Error is for a request that an instance did not answer: 502, 503, 504.
	Error *Page `json:"error,omitempty"`
	// Maintenance is for an app that serves nothing now: 503.
	Maintenance *Page `json:"maintenance,omitempty"`
}

// Page is a text with the placeholders {{status}}, {{reason}} and {{request}}.
type Page struct {
	// JSON says that the page is JSON, otherwise it is HTML.
	JSON bool `json:"json,omitempty"`
	// Text is the page in UTF-8, at most MaxPage bytes.
	Text string `json:"text"`
}

// Check returns what cannot be served, nil for nothing.
func (p *Pages) Check() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.Error.check("error"), p.Maintenance.check("maintenance"))
}

func (p *Page) check(name string) error {
	if p != nil && len(p.Text) > MaxPage {
		return fmt.Errorf("pages: %s has %d bytes, want at most %d", name, len(p.Text), MaxPage)
	}
	return nil
}

func (p *Pages) same(o *Pages) bool {
	if p == nil || o == nil {
		return p == o
	}
	return p.Error.same(o.Error) && p.Maintenance.same(o.Maintenance)
}

func (p *Page) same(o *Page) bool {
	if p == nil || o == nil {
		return p == o
	}
	return *p == *o
}
