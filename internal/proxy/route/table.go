package route

import (
	"slices"
)

// Table is everything the proxy serves. A Table is never changed: With,
// Without and Fenced return a new one.
type Table struct {
	// Generation grows by one with each change of a service.
	Generation uint64 `json:"generation"`
	// Fence is the highest lease generation that ever gave an order.
	Fence uint64 `json:"fence"`
	// Services are sorted by App; no two have the same.
	Services []Service `json:"services,omitempty"`
}

// Service returns the service of app, and whether there is one.
func (t Table) Service(app string) (Service, bool) {
	i, found := t.find(app)
	if !found {
		return Service{}, false
	}
	return t.Services[i], true
}

// With returns the table with s put in place of the service of the same app,
// one generation on.
func (t Table) With(s Service) Table {
	t.Generation++
	s.Generation = t.Generation
	t.Services = slices.Clone(t.Services)
	i, found := t.find(s.App)
	if found {
		t.Services[i] = s
		return t
	}
	t.Services = slices.Insert(t.Services, i, s)
	return t
}

// Without returns the table without app's service, one generation on. It is
// the same table if there is no such service.
func (t Table) Without(app string) Table {
	i, found := t.find(app)
	if !found {
		return t
	}
	t.Generation++
	t.Services = slices.Delete(slices.Clone(t.Services), i, i+1)
	return t
}

// Fenced returns the table with its fence raised to fence, if that is higher.
func (t Table) Fenced(fence uint64) Table {
	t.Fence = max(t.Fence, fence)
	return t
}

// Listens returns every address the table wants open, sorted, each once.
func (t Table) Listens() []string {
	var all []string
	for _, s := range t.Services {
		all = append(all, s.Route.Front.Listen)
		if private := s.Route.Front.PrivateListen; private != "" {
			all = append(all, private)
		}
		if tls := s.Route.Front.TLS; tls != nil && tls.Redirect != "" {
			all = append(all, tls.Redirect)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (t Table) find(app string) (int, bool) {
	return slices.BinarySearchFunc(t.Services, app, func(s Service, app string) int {
		switch {
		case s.App < app:
			return -1
		case s.App > app:
			return 1
		}
		return 0
	})
}
