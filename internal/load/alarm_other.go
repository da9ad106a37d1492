//go:build !linux

package load

import "time"

// shortest is 0 where Go's own timers have to do.
const shortest = 0

type alarm struct{}

func newAlarm() (*alarm, error) { return &alarm{}, nil }

func (a *alarm) wait(d time.Duration) error {
	<-time.After(d)
	return nil
}

func (a *alarm) close() {}
