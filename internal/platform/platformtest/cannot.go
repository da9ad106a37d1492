package platformtest

import "testing"

// applies reports whether a test is about something the platform can do. What
// it cannot do has a reason, which is logged, and must be the name of a test.
func applies(t *testing.T, s Setup, name string) bool {
	for cannot := range s.Cannot {
		known := false
		for _, test := range tests {
			known = known || test.name == cannot
		}
		if !known {
			t.Fatalf("Cannot names %q, which is no test of the suite", cannot)
		}
	}
	if why, not := s.Cannot[name]; not {
		t.Logf("not for this platform: %s", why)
		return false
	}
	return true
}
