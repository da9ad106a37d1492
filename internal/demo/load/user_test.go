package load

import (
	"net/url"
	"testing"
)

func TestUsersAndAnonymousConnectionsAreDealtOutEvenly(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "http", Host: "127.0.0.1"}
	all := crowd(Options{Connections: 8, Users: 12, Anonymous: 0.25}, base)
	anonymous, seen := 0, map[*user]int{}
	for i, users := range all {
		if len(users) == 1 && users[0] == nil {
			anonymous++
			continue
		}
		if len(users) != 2 {
			t.Errorf("connection %d has %d users, want 2", i, len(users))
		}
		for _, u := range users {
			seen[u]++
		}
	}
	if anonymous != 2 || len(seen) != 12 {
		t.Errorf("%d anonymous connections and %d users, want 2 and 12", anonymous, len(seen))
	}
	for _, n := range seen {
		if n != 1 {
			t.Errorf("a user has %d connections, want 1", n)
		}
	}
}

func TestFewUsersShareManyConnections(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "http", Host: "127.0.0.1"}
	seen := map[string]int{}
	for _, users := range crowd(Options{Connections: 6, Users: 2, UserCookie: "session"}, base) {
		if len(users) != 1 {
			t.Fatalf("a connection has %d users, want 1", len(users))
		}
		seen[users[0].jar.Cookies(base)[0].String()]++
	}
	if seen["session=user-0"] != 3 || seen["session=user-1"] != 3 {
		t.Errorf("connections by user: %v", seen)
	}
}
