package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// exchange is one case: what a client sends on a connection of its own.
type exchange struct {
	name string
	// send is what the client sends at once, more what it sends after an
	// answer of 100 or 101.
	send, more string
	// answer is what the backend answers to each request; plain if empty.
	answer string
	// want are the statuses that the client hears from our proxy, and closed
	// says that the connection then ends; seen is how many requests arrive.
	want   []int
	closed bool
	seen   int
	// alone is why nginx is not asked.
	alone string
	// otherwise is why nginx answers with another status, so that nothing else can
	// be compared.
	otherwise string
	// differs has the reason for each aspect in which nginx differs.
	differs map[string]string
}

func (c exchange) method() string {
	method, _, _ := strings.Cut(strings.TrimLeft(c.send, "\r\n"), " ")
	return method
}

func TestTheProxyAndNginxDifferOnlyWhereThereIsAReason(t *testing.T) {
	t.Parallel()
	ourApp, theirApp := newBackend(t), newBackend(t)
	us, oracle := ours(t, ourApp.addr, nil), nginx(t, theirApp.addr)
	for _, c := range slices.Concat(plainCases(), bodyCases(), refusedCases()) {
		if c.answer == "" {
			c.answer = plain
		}
		t.Run(c.name, func(t *testing.T) {
			mine := talk(t, us, ourApp, c)
			c.check(t, mine)
			if c.alone != "" {
				return
			}
			theirs := talk(t, oracle, theirApp, c)
			if c.otherwise != "" {
				if mine.aspect("status") == theirs.aspect("status") {
					t.Errorf("nginx answers %s too, remove the reason %q", theirs.aspect("status"), c.otherwise)
				}
				return
			}
			for _, name := range aspects {
				c.compare(t, name, mine.aspect(name), theirs.aspect(name))
			}
		})
	}
}

// What is refused in plain text is refused inside of TLS, and nothing else is:
// net/http's own reader would let some of it through.
func TestTheSameHoldsInsideOfTLS(t *testing.T) {
	t.Parallel()
	app := newBackend(t)
	us := oursByTLS(t, app.addr)
	for _, c := range slices.Concat(plainCases(), bodyCases(), refusedCases()) {
		if c.answer == "" {
			c.answer = plain
		}
		t.Run(c.name, func(t *testing.T) { c.check(t, talk(t, us, app, c)) })
	}
}

// check holds our own answer against what the case wants, whatever nginx does.
func (c exchange) check(t *testing.T, mine heard) {
	t.Helper()
	want := []string{}
	for _, status := range c.want {
		want = append(want, fmt.Sprint(status))
	}
	if !slices.Equal(mine.statuses, want) {
		t.Errorf("the client heard %v, want %v", mine.statuses, want)
	}
	end := "open"
	if c.closed {
		end = "closed"
	}
	if mine.end != end && mine.end != "upgraded" {
		t.Errorf("the connection is %s, want it %s", mine.end, end)
	}
	if len(mine.seen) != c.seen {
		t.Errorf("the backend saw %d requests, want %d: %q", len(mine.seen), c.seen, mine.seen)
	}
}

func (c exchange) compare(t *testing.T, name, mine, theirs string) {
	t.Helper()
	reason, listed := c.differs[name]
	switch {
	case mine == theirs && listed:
		t.Errorf("%s no longer differs, remove the reason %q", name, reason)
	case mine != theirs && !listed:
		t.Errorf("%s differs without a reason:\n   ours %s\n  nginx %s", name, mine, theirs)
	}
}
