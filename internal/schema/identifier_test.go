package schema_test

import (
	"strings"
	"testing"

	"cutover/internal/schema"
)

func TestLongNamesThatDifferStayDifferent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 60)
	one, two := schema.Name("up", long, "a"), schema.Name("up", long, "b")
	if one == two || len(one) > 63 || len(two) > 63 {
		t.Errorf("names %q and %q", one, two)
	}
	if got := schema.Name("up", "t", "c"); got != "up_t_c" {
		t.Errorf("a short name became %q", got)
	}
}

func TestQuotesAreDoubled(t *testing.T) {
	t.Parallel()
	if got := schema.Quote(`a"b`); got != `"a""b"` {
		t.Error(got)
	}
	if got := schema.Literal(`it's \ so`); got != `E'it''s \\ so'` {
		t.Error(got)
	}
}
