package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"cutover/internal/environ"
)

// family is an instance's process with all that lives in its session: what it
// started, unless that went into a session of its own.
type family struct {
	leader identity
	// seen remembers members from one look to the next, so that none is
	// forgotten when the leader has gone.
	seen map[identity]bool
}

func newFamily(leader identity) *family {
	return &family{leader: leader, seen: map[identity]bool{}}
}

// members lists the processes of the family that have not ended.
func (f *family) members() ([]identity, error) {
	if err := f.look(); err != nil {
		return nil, err
	}
	var list []identity
	for id := range f.seen {
		runs, err := id.runs()
		if err != nil {
			return nil, err
		}
		if runs {
			list = append(list, id)
		}
	}
	return list, nil
}

// look adds the session's processes to those seen.
func (f *family) look() error {
	boot, err := bootID()
	if err != nil {
		return err
	}
	if f.leader.Pid <= 0 || f.leader.Boot != boot {
		return nil
	}
	now, taken, err := readStat(f.leader.Pid)
	if err != nil {
		return err
	}
	// The kernel gives a pid away only when no session bears its number any
	// more: if another process has it, the whole family is gone.
	if taken && now.ticks != f.leader.Ticks {
		return nil
	}
	if taken && now.session != f.leader.Pid {
		return f.scanKin(boot)
	}
	return f.scan(boot, taken)
}

// scan walks /proc. While the leader is there, the session's number says it
// all. Afterwards the session could, in theory, be a later one with the same
// number, so a process that shows another environment is spared.
func (f *family) scan(boot string, certain bool) error {
	proc, err := os.Open("/proc")
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		s, found, err := readStat(pid)
		if err != nil {
			return err
		}
		if found && s.session == f.leader.Pid && !s.ended() && (certain || !foreign(pid)) {
			f.seen[identity{Pid: pid, Boot: boot, Ticks: s.ticks}] = true
		}
	}
	return nil
}

// foreign reports whether the process has an environment, and one that no
// instance has. A program may have overwritten its environment to show a
// title, or a child may have been given an empty one: neither says anything.
func foreign(pid int) bool {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	variables := 0
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		name, _, ok := strings.Cut(string(entry), "=")
		if name == environ.InstanceVariable {
			return false
		}
		if ok && !strings.ContainsAny(name, " :/") {
			variables++
		}
	}
	return variables > 0
}

// signal sends sig to every member.
func (f *family) signal(sig syscall.Signal) error {
	list, err := f.members()
	if err != nil {
		return err
	}
	for _, id := range list {
		if err := id.signal(sig); err != nil {
			return err
		}
	}
	return nil
}
