package board

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// failTen sends ten requests that fail and returns how many clients that were.
func failTen(t *testing.T, table route.Table, v func(i int) visit) (clients, requests uint64) {
	t.Helper()
	book := &ledger.Book{}
	b := New(book)
	publish(t, b, table)
	for i := range 10 {
		r := v(i)
		r.path = "/"
		c, refusal := b.Admit(listen, r)
		if refusal != nil {
			t.Fatalf("refused: %+v", refusal)
		}
		c.Close(ledger.End{Outcome: ledger.Answered, Status: 500})
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		u := book.Of("shop", side).Read().Users
		clients, requests = clients+u.BadClients, requests+u.Requests
	}
	return clients, requests
}

func TestWhoeverIsKeptOnASideIsOneClient(t *testing.T) {
	t.Parallel()
	named := func(s *route.Service) { s.Route.Front.Sticky = release.Sticky{Header: "User", Cookie: "sid"} }
	off := func(s *route.Service) { s.Route.Front.Sticky.Off = true }
	from := func(v visit) func(int) visit {
		return func(i int) visit {
			v.address = fmt.Sprintf("10.0.0.%d", i%2)
			return v
		}
	}
	for _, c := range []struct {
		name  string
		table route.Table
		visit func(int) visit
		want  uint64
	}{
		{"a header of the app's", table(2500, named), from(visit{headers: map[string]string{"User": "ann"}}), 1},
		{"a cookie of the app's", table(2500, named), from(visit{cookie: map[string]string{"sid": "7"}}), 1},
		{"the proxy's cookie", table(2500), from(visit{cookie: map[string]string{CookieName: "7"}}), 1},
		{"its cookie while there is no split", table(release.None), from(visit{cookie: map[string]string{CookieName: "7"}}), 1},
		{"no key: each request is dealt by itself", table(2500), from(visit{}), 10},
		{"no stickiness: each request is dealt by itself", table(2500, off), from(visit{cookie: map[string]string{CookieName: "7"}}), 10},
		{"no key and no split: two addresses", table(release.None), from(visit{}), 2},
		{"no stickiness and no split: two addresses", table(release.All, off), from(visit{}), 2},
	} {
		if got, requests := failTen(t, c.table, c.visit); got != c.want || requests != 10 {
			t.Errorf("%s: %d clients with %d requests, want %d with 10", c.name, got, requests, c.want)
		}
	}
}

func TestWhoeverUsesThePrivateWayInIsNoUser(t *testing.T) {
	t.Parallel()
	private := table(2500, func(s *route.Service) {
		s.Route.Private = release.Green
		hash := sha256.Sum256([]byte("open sesame"))
		s.SecretHash = hex.EncodeToString(hash[:])
	})
	tester := func(int) visit { return visit{headers: map[string]string{PrivateHeader: "open sesame"}} }
	if clients, requests := failTen(t, private, tester); clients+requests != 0 {
		t.Errorf("%d clients with %d requests", clients, requests)
	}
}
