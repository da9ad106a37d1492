package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ticks is how many clock ticks /proc counts to a second on every Linux.
const ticks = 100

// stat is what matters of /proc/PID/stat.
type stat struct {
	pid, session int
	ended        bool
	// started is the start in clock ticks since boot.
	started uint64
	// seconds of processor time, with those of children that have ended;
	// resident is in bytes.
	seconds, resident float64
}

// parse reads the fields after the program's name, which stands in
// parentheses and may itself contain blanks and parentheses.
func parse(pid int, line string) (stat, error) {
	// Fields 3, 6, 14 to 17, 22 and 24 of proc(5), counted from field 3.
	const state, session, user, system, childUser, childSystem, start, pages = 0, 3, 11, 12, 13, 14, 19, 21
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) <= pages {
		return stat{}, fmt.Errorf("look at process %d: its stat line is not understood: %q", pid, line)
	}
	var wrong error
	number := func(i int) float64 {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		wrong = errors.Join(wrong, err)
		return float64(n)
	}
	s := stat{
		pid: pid, session: int(number(session)), ended: strings.ContainsAny(fields[state], "ZXx"),
		started:  uint64(number(start)),
		seconds:  (number(user) + number(system) + number(childUser) + number(childSystem)) / ticks,
		resident: number(pages) * float64(os.Getpagesize()),
	}
	if wrong != nil {
		return stat{}, fmt.Errorf("look at process %d: its stat line is not understood: %w", pid, wrong)
	}
	return s, nil
}

// isNoProcess reports the error of reading an entry whose process has ended.
func isNoProcess(err error) bool { return errors.Is(err, syscall.ESRCH) }
