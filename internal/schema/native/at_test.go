package native_test

import (
	"context"
	"errors"
	"testing"

	"cutover/internal/schema/native"
)

func TestADatabaseIsBeforeOrAfterOrAtARevisionNobodyKnows(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := artefact(t, dsn, usual())
	for _, c := range []struct {
		revision string
		want     native.Place
	}{{"one", native.Before}, {"two", native.After}} {
		run(t, dsn, "UPDATE version SET revision = '"+c.revision+"'")
		if at, _, err := m.At(context.Background(), budget); err != nil || at != c.want {
			t.Errorf("at revision %s it is %v, %v; want %v", c.revision, at, err, c.want)
		}
	}
	run(t, dsn, "UPDATE version SET revision = 'three'")
	if _, _, err := m.At(context.Background(), budget); !errors.Is(err, native.ErrHead) {
		t.Errorf("at a third revision: %v, want ErrHead", err)
	}
}
