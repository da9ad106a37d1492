package sockets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Process is one process, told apart from a later one with its number.
type Process struct {
	PID     int
	Started uint64
}

// Title returns the command line of a process, which some programs use to say
// what they are doing; "" if there is no such process.
func Title(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return string(bytes.TrimRight(bytes.ReplaceAll(text, []byte{0}, []byte{' '}), " "))
}

// Stat returns when a process began, in ticks since the machine did, and who
// began it; false if it does not run.
func Stat(pid int) (started uint64, parent int, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	// The name in parentheses may hold anything.
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(f[1])
	if err != nil {
		return 0, 0, false
	}
	started, err = strconv.ParseUint(f[19], 10, 64)
	return started, parent, err == nil
}

// Children returns the processes that a process has begun and that run.
func Children(pid int) ([]Process, error) {
	// Each thread has a list of its own.
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(lists) == 0 {
		return scan(pid)
	}
	var all []Process
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, word := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(word)
			if err != nil {
				return nil, fmt.Errorf("read the children of process %d: %w", pid, err)
			}
			if started, parent, ok := Stat(n); ok && parent == pid {
				all = append(all, Process{n, started})
			}
		}
	}
	return all, nil
}

// scan is for kernels that keep no list of children.
func scan(pid int) ([]Process, error) {
	if _, _, ok := Stat(pid); !ok {
		return nil, fmt.Errorf("process %d does not run", pid)
	}
	all, err := Named("")
	if err != nil {
		return nil, err
	}
	var mine []Process
	for _, p := range all {
		if _, parent, ok := Stat(p.PID); ok && parent == pid {
			mine = append(mine, p)
		}
	}
	return mine, nil
}

// Named returns the processes whose program has a name, "" for all.
func Named(name string) ([]Process, error) {
	paths, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var all []Process
	for _, path := range paths {
		n, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if name != "" {
			comm, err := os.ReadFile(path + "/comm")
			if err != nil || strings.TrimSpace(string(comm)) != name {
				continue
			}
		}
		if started, _, ok := Stat(n); ok {
			all = append(all, Process{n, started})
		}
	}
	return all, nil
}
