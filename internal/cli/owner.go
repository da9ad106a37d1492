package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ownerName names this process uniquely among all controllers: host, pid and
// the time it started, so that a pid used again is not mistaken for it.
func ownerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), startTime(os.Getpid()))
}

// ownerGone reports whether the named controller is known to have ended: it
// ran on this host and its process is no more.
func ownerGone(owner string) bool {
	parts := strings.Split(owner, "/")
	host, err := os.Hostname()
	if err != nil || len(parts) != 3 || parts[0] != host {
		return false
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		return false
	}
	return startTime(pid) != parts[2]
}

// startTime returns when a process started, in the kernel's ticks; "" if there
// is none of that pid or it has ended and only waits to be reaped.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name may contain anything, so count from the last bracket.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	const state, started = 0, 19
	if len(fields) <= started || fields[state] == "Z" {
		return ""
	}
	return fields[started]
}
