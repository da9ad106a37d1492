package environ_test

import (
	"testing"

	"cutover/internal/environ"
)

func TestSecretsAreMaskedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		secrets []string
		want    string
	}{
		{"token=s3cr3t!", []string{"s3cr3t!"}, "token=***"},
		{"long-secret-1 and long", []string{"long", "long-secret-1"}, "*** and ***"},
		{"-----KEY\nabcdefgh", []string{"-----KEY\nabcdefgh\n"}, "***"},
		{"only abcdefgh was printed", []string{"-----KEY\nabcdefgh\n"}, "only *** was printed"},
		{"postgres://app:pw@db:5432/x refused", nil, "postgres://app:***@db:5432/x refused"},
		{"redis://:pw@cache", nil, "redis://:***@cache"},
		{"http://127.0.0.1:8080/health answered 503", nil, "http://127.0.0.1:8080/health answered 503"},
		{"a value of one letter is left: a", []string{"a", ""}, "a value of one letter is left: a"},
	} {
		if got := environ.Mask(c.text, c.secrets...); got != c.want {
			t.Errorf("Mask(%q, %q) = %q; want %q", c.text, c.secrets, got, c.want)
		}
	}
}
