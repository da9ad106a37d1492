package config

import "errors"

// mistake is what a value's own reader found wrong with it; the decoder adds
// the place.
type mistake struct{ reason, cure string }

func (m *mistake) Error() string { return m.reason + "; " + m.cure }

// explain splits an error into reason and cure. Errors from elsewhere have
// no cure of their own.
func explain(err error, cure string) (string, string) {
	if m, ok := errors.AsType[*mistake](err); ok {
		return m.reason, m.cure
	}
	return err.Error(), cure
}
