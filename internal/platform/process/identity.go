package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// identity names one process for all time: a pid may be used again, but not
// by a process that started in the same tick of the same boot.
type identity struct {
	Pid  int    `json:"pid"`
	Boot string `json:"boot"`
	// Ticks is field 22 of /proc/PID/stat: the start in clock ticks since boot.
	Ticks uint64 `json:"ticks"`
}

// runs reports whether the process exists and has not ended. A zombie has
// ended: nobody may ever reap it, for instance in a container without init.
func (i identity) runs() (bool, error) {
	s, found, err := i.stat()
	return found && !s.ended(), err
}

// stat reads the process's entry. Not found means that the process is gone,
// also if another has its pid now.
func (i identity) stat() (procStat, bool, error) {
	boot, err := bootID()
	if err != nil {
		return procStat{}, false, err
	}
	if i.Pid <= 0 || i.Boot != boot {
		return procStat{}, false, nil
	}
	s, found, err := readStat(i.Pid)
	return s, found && s.ticks == i.Ticks, err
}

// signal sends sig to exactly this process; one that is gone is no error.
// The process is held by a descriptor before it is compared, so that its pid
// cannot come to mean another one in between.
func (i identity) signal(sig syscall.Signal) error {
	proc, err := os.FindProcess(i.Pid)
	if err != nil {
		return fmt.Errorf("find process %d: %w", i.Pid, err)
	}
	defer func() { _ = proc.Release() }()
	if runs, err := i.runs(); err != nil || !runs {
		return err
	}
	if err := proc.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to process %d: %w", sig, i.Pid, err)
	}
	return nil
}

// self returns the identity of this process. It stays the same over exec.
func self() (identity, error) {
	boot, err := bootID()
	if err != nil {
		return identity{}, err
	}
	s, found, err := readStat(os.Getpid())
	if err != nil || !found {
		return identity{}, fmt.Errorf("read own entry in /proc: %w", errors.Join(err, os.ErrNotExist))
	}
	return identity{Pid: s.pid, Boot: boot, Ticks: s.ticks}, nil
}

// bootID differs from one start of the machine to the next.
func bootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// procStat is what matters of /proc/PID/stat.
type procStat struct {
	pid     int
	state   byte
	parent  int
	session int
	ticks   uint64
}

func (s procStat) ended() bool { return s.state == 'Z' || s.state == 'X' || s.state == 'x' }

// readStat reads /proc/PID/stat; found is false if there is no such process.
func readStat(pid int) (s procStat, found bool, err error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return procStat{}, false, nil
	}
	if err != nil {
		return procStat{}, false, fmt.Errorf("look at process %d: %w", pid, err)
	}
	s, err = parseStat(pid, string(data))
	return s, err == nil, err
}

// parseStat reads the fields after the program's name, which stands in
// parentheses and may itself contain blanks and parentheses.
func parseStat(pid int, line string) (procStat, error) {
	const parent, session, start = 1, 3, 19 // fields 4, 6 and 22, counted from field 3
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) <= start || len(fields[0]) != 1 {
		return procStat{}, fmt.Errorf("look at process %d: its stat line is not understood: %q", pid, line)
	}
	s := procStat{pid: pid, state: fields[0][0]}
	var e0, e1, e2 error
	s.parent, e0 = strconv.Atoi(fields[parent])
	s.session, e1 = strconv.Atoi(fields[session])
	s.ticks, e2 = strconv.ParseUint(fields[start], 10, 64)
	if err := errors.Join(e0, e1, e2); err != nil {
		return procStat{}, fmt.Errorf("look at process %d: %w", pid, err)
	}
	return s, nil
}
