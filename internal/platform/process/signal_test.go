package process

import "testing"

func TestSignalsAreKnownByTheirNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "terminated", "TERM": "terminated", "SIGTERM": "terminated", "quit": "quit", "INT": "interrupt"} {
		if sig, err := parseSignal(name); err != nil || sig.String() != want {
			t.Errorf("%q is %v, %v; want %s", name, sig, err, want)
		}
	}
	for _, name := range []string{"SIG", "9", "TERMINATE"} {
		if sig, err := parseSignal(name); err == nil {
			t.Errorf("%q was taken for %v", name, sig)
		}
	}
}
