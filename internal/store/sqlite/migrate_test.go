package sqlite

import (
	"strings"
	"testing"
	"time"
)

func TestAnOlderSchemaIsBroughtUpToDateWhole(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 3)
	steps, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	good := append(steps, "CREATE TABLE added (x INTEGER) STRICT;")
	bad := append(good, "CREATE TABLE more (x INTEGER); CREATE TABLE added (x INTEGER);")
	if err := migrate(t.Context(), db, bad); err == nil || !strings.Contains(err.Error(), "schema step 3") {
		t.Errorf("a step that fails: %v", err)
	}
	version := func() (v int) {
		if err := db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if got, err := schema(t.Context(), db); err != nil || version() != 1 || got.text["table added"] != "" {
		t.Errorf("a failed step left version %d and %v, %v", version(), got.names, err)
	}
	for range 2 {
		if err := migrate(t.Context(), db, good); err != nil || version() != 2 {
			t.Errorf("migrate: version %d, %v", version(), err)
		}
	}
	if _, err := inspect(t.Context(), path, time.Second, good); err != nil {
		t.Errorf("the schema after it: %v", err)
	}
}
