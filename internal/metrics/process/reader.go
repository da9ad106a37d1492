// Package process reads the processor time and the memory of instances from
// /proc, each with all processes of its session.
package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"cutover/internal/signal"
)

// Reader looks at processes. New makes one.
type Reader struct {
	proc   string
	closed atomic.Bool
}

var _ signal.Reader = (*Reader)(nil)

// New returns a reader of this machine's processes.
func New() *Reader { return &Reader{proc: "/proc"} }

// Check implements signal.Reader.
func (r *Reader) Check(s signal.Signal) error {
	_, err := signal.FindMeasure(signal.Process, s.Source.Query)
	return err
}

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.closed.Store(true)
	return nil
}

// Read implements signal.Reader. CPU is a counter of seconds, memory the
// resident bytes; pages that processes of an instance share count for each.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	now := time.Now()
	if r.closed.Load() {
		return signal.Unread(s, of, now, "the watch has ended")
	}
	sessions, err := r.sessions(ctx)
	if err != nil {
		return signal.Unread(s, of, now, "the processes cannot be read: %v", err)
	}
	var list []signal.Reading
	of.Each(func(side signal.Side, p signal.Party) {
		if len(p.Instances) == 0 {
			list = append(list, signal.Missing(side, "", now, "no instance runs"))
		}
		for _, in := range p.Instances {
			list = append(list, reading(s, side, in, sessions, now))
		}
	})
	return list
}

// reading sums up the processes of one instance.
func reading(s signal.Signal, side signal.Side, in signal.Instance, sessions map[int][]stat, now time.Time) signal.Reading {
	if in.Pid <= 0 {
		return signal.Missing(side, in.ID, now, "its process is not known on this machine")
	}
	r := signal.Reading{Side: side, Instance: in.ID, At: now}
	for _, p := range members(sessions, in.Pid) {
		if p.pid == in.Pid {
			if p.ended {
				return signal.Missing(side, in.ID, now, "its process %d has ended", in.Pid)
			}
			// A pid may come to mean another process.
			r.Epoch = strconv.FormatUint(p.started, 10)
		}
		if s.Source.Query == signal.CPU {
			r.Value += p.seconds
		} else {
			r.Value += p.resident
		}
	}
	if r.Epoch == "" {
		return signal.Missing(side, in.ID, now, "there is no process %d", in.Pid)
	}
	return r
}

// members are the processes of the session that a process leads, or the
// process alone if it leads none.
func members(sessions map[int][]stat, pid int) []stat {
	if led := sessions[pid]; len(led) > 0 {
		return led
	}
	for _, list := range sessions {
		for _, p := range list {
			if p.pid == pid {
				return []stat{p}
			}
		}
	}
	return nil
}

// sessions reads all processes, by session.
func (r *Reader) sessions(ctx context.Context) (map[int][]stat, error) {
	entries, err := os.ReadDir(r.proc)
	if err != nil {
		return nil, fmt.Errorf("list them: %w", err)
	}
	by := map[int][]stat{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(filepath.Join(r.proc, e.Name(), "stat"))
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at process %d: %w", pid, err)
		}
		s, err := parse(pid, string(text))
		if err != nil {
			return nil, err
		}
		by[s.session] = append(by[s.session], s)
	}
	if len(by) == 0 {
		return nil, errors.New("there are none; this needs Linux's /proc")
	}
	return by, nil
}

// gone says that a process ended while it was looked at.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || isNoProcess(err) }
