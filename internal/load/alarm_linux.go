package load

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// shortest is how long before a moment Go's own timers are left: they wait in
// whole milliseconds, and would make every request up to one late.
const shortest = 2 * time.Millisecond

// alarm is a timer of the kernel. Waiting for it holds neither a thread nor a
// processor. It is not safe for concurrent use.
type alarm struct {
	fd   int
	file *os.File
}

// newAlarm takes one from the kernel. It must be closed.
func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create a timer: %w", err)
	}
	return &alarm{fd, os.NewFile(uintptr(fd), "timer")}, nil
}

// wait returns after a time of at most a second, to within about 100 µs.
func (a *alarm) wait(d time.Duration) error {
	set := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if err := unix.TimerfdSettime(a.fd, 0, &set, nil); err != nil {
		return fmt.Errorf("set a timer: %w", err)
	}
	var times [8]byte
	if _, err := a.file.Read(times[:]); err != nil {
		return fmt.Errorf("wait for a timer: %w", err)
	}
	return nil
}

func (a *alarm) close() { _ = a.file.Close() }
