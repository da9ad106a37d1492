package release

import "errors"

// ErrFenced means that a newer controller has taken over: the caller must
// stop acting at once and not retry.
var ErrFenced = errors.New("a newer controller has taken over")
