package sample

import (
	"strings"
	"testing"
)

func TestALineComesTogetherAgainFromItsParts(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][2]string{
		"Low Road 7a": {"Low Road", "7a"}, "High Road": {"High Road", ""}, "7th Avenue": {"7th Avenue", ""}, "12": {"12", ""}, "Broadway 1 1": {"Broadway 1", "1"},
		"Straße ½": {"Straße ½", ""},
	} {
		name, number := parts(line)
		if name != want[0] || number != want[1] {
			t.Errorf("%q comes apart as %q and %q", line, name, number)
		}
		values := streetInParts.values(line)
		var second *string
		if s, ok := values[1].(string); ok {
			second = &s
		}
		if a := streetInParts.address("id", values[0].(string), second); a.Line != line {
			t.Errorf("%q comes together as %q", line, a.Line)
		}
	}
}

func TestALineHasNoNeedlessSpacesAndAnEnd(t *testing.T) {
	t.Parallel()
	if got := tidy("  Low \t Road\n7 "); got != "Low Road 7" {
		t.Errorf("got %q", got)
	}
	for _, line := range []string{" \n", strings.Repeat("x", longestLine+1)} {
		if got := tidy(line); got != "" {
			t.Errorf("%q is taken for %q", line, got)
		}
	}
}
