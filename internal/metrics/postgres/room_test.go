package postgres_test

import (
	"strings"
	"testing"

	"cutover/internal/metrics/postgres"
)

func TestTheConnectionsOfAServerAreCounted(t *testing.T) {
	t.Parallel()
	all, kept, others, err := postgres.Room(t.Context(), pg.NewDatabase(t))
	if err != nil || all < 10 || kept < 1 || others < 0 || others > all {
		t.Errorf("%d, %d kept, %d of others, %v", all, kept, others, err)
	}
	_, _, _, err = postgres.Room(t.Context(), "postgres://shop:geheim@127.0.0.1:1/shop?sslmode=disable")
	if err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("a server that is not there: %v", err)
	}
}
