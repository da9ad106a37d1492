package config

import "testing"

func TestTheNearestKeyIsTheOneThatWasMeant(t *testing.T) {
	t.Parallel()
	keys := []string{"strategy", "traffic", "components", "to", "from", "env", "envFile", "TERM"}
	for word, want := range map[string]string{
		"trafic": "traffic", "traffci": "traffic", "Strategy": "strategy", "stratgey": "strategy", "componets": "components",
		"form": "from", "envfile": "envFile", "SIGTERM": "TERM", "ot": "to", "database": "", "x": "", "": "",
	} {
		if got := nearest(word, keys); got != want {
			t.Errorf("nearest(%q) = %q; want %q", word, got, want)
		}
	}
}
