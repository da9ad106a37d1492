package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"cutover/internal/config"
	"cutover/internal/environ"
	"cutover/internal/platform/process"
	"cutover/internal/release"
)

// identify looks at a process that is to be adopted, and refuses one that
// cutover could not stop later, or must not.
func (c *control) identify(pid int) (release.Adopted, error) {
	if pid <= 1 {
		return release.Adopted{}, fmt.Errorf("process %d is not an app", pid)
	}
	one, err := process.Identify(pid)
	if err != nil {
		return one, err
	}
	info, err := os.Stat(procFile(pid, ""))
	if err != nil {
		return one, fmt.Errorf("look at process %d: %w", pid, err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != os.Geteuid() {
		return one, fmt.Errorf("process %d runs as user %d and cutover as user %d, which could not stop it: run cutover as that user, or adopt its unit, its container, or its address alone", pid, owner, os.Geteuid())
	}
	if ancestor(pid) {
		return one, fmt.Errorf("cutover itself was started by process %d: stopping that one day would end both", pid)
	}
	app, instance, owned, err := c.processes.Owner(pid)
	if err != nil {
		return one, err
	}
	if owned {
		if p, ok := c.engine.Plan(app); !ok || !p.Adopts {
			return one, fmt.Errorf("process %d is %s of %s already", pid, instance, app)
		}
	}
	return one, describe(pid, &one)
}

// describe notes how a process was started, without anything secret.
func describe(pid int, one *release.Adopted) error {
	line, err := os.ReadFile(procFile(pid, "cmdline"))
	if err != nil {
		return fmt.Errorf("look at process %d: %w", pid, err)
	}
	if len(line) == 0 {
		return fmt.Errorf("process %d is a thread of the kernel", pid)
	}
	env, err := os.ReadFile(procFile(pid, "environ"))
	if err != nil {
		return fmt.Errorf("look at process %d: %w", pid, err)
	}
	one.Found = maskArgs(strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"))
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if name, _, ok := strings.Cut(string(entry), "="); ok && name != "" {
			one.Variables = append(one.Variables, name)
		}
	}
	slices.Sort(one.Variables)
	return nil
}

// maskArgs hides what looks secret in an argument vector: the value of an
// option with a telling name, and passwords in addresses.
func maskArgs(args []string) []string {
	list := make([]string, len(args))
	for i, arg := range args {
		list[i] = environ.Mask(arg)
		name, value, ok := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case ok && config.LooksSecret(name, value):
			list[i] = arg[:len(arg)-len(value)] + environ.Masked
		case i > 0 && strings.HasPrefix(args[i-1], "-") && !strings.Contains(args[i-1], "=") && config.LooksSecret(strings.TrimLeft(args[i-1], "-"), arg):
			list[i] = environ.Masked
		}
	}
	return list
}

// ancestor reports whether this program descends from a process.
func ancestor(pid int) bool {
	for at := os.Getpid(); at > 1; {
		if at == pid {
			return true
		}
		data, err := os.ReadFile(procFile(at, "stat"))
		if err != nil {
			return false
		}
		text := string(data)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(fields) < 2 {
			return false
		}
		if at, err = strconv.Atoi(fields[1]); err != nil {
			return false
		}
	}
	return false
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// listensAt finds the one address where a process takes connections.
func listensAt(pid int) (string, error) {
	inodes, err := sockets(pid)
	if err != nil {
		return "", err
	}
	var addrs []string
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		found, err := listening(procFile(pid, table), inodes)
		if err != nil && !os.IsNotExist(err) {
			return "", fmt.Errorf("look where process %d listens: %w", pid, err)
		}
		addrs = append(addrs, found...)
	}
	slices.Sort(addrs)
	addrs = slices.Compact(addrs)
	switch len(addrs) {
	case 0:
		return "", fmt.Errorf("process %d listens on no port: name the one that does, or say --address host:port", pid)
	case 1:
		return addrs[0], nil
	}
	return "", fmt.Errorf("process %d listens on %s: say with --address which is for users", pid, strings.Join(addrs, " and "))
}

// sockets lists the inodes of a process's sockets.
func sockets(pid int) (map[string]bool, error) {
	files, err := os.ReadDir(procFile(pid, "fd"))
	if err != nil {
		return nil, fmt.Errorf("look at the sockets of process %d: %w: say --address host:port", pid, err)
	}
	inodes := map[string]bool{}
	for _, f := range files {
		link, err := os.Readlink(filepath.Join(procFile(pid, "fd"), f.Name()))
		if inode, ok := strings.CutPrefix(link, "socket:["); ok && err == nil {
			inodes[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return inodes, nil
}

// listening reads a table of /proc/PID/net.
func listening(path string, inodes map[string]bool) ([]string, error) {
	const local, state, inode, listen = 1, 3, 9, "0A"
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var addrs []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) <= inode || fields[state] != listen || !inodes[fields[inode]] {
			continue
		}
		addr, err := kernelAddress(fields[local])
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// kernelAddress reads an address as the kernel writes it: words of four bytes
// in the order of this machine, and the port. One for every interface is
// reached on this machine by its loopback.
func kernelAddress(text string) (string, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	number, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(raw)%4 != 0 {
		return "", fmt.Errorf("the kernel's address %q is not understood", text)
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		slices.Reverse(raw[i : i+4]) // every machine that Go and cutover run on here is little-endian
	}
	ip, ok := netip.AddrFromSlice(raw)
	if !ok {
		return "", fmt.Errorf("the kernel's address %q is not understood", text)
	}
	if ip = ip.Unmap(); ip.IsUnspecified() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(ip, uint16(number)).String(), nil
}

// ask runs a program that only looks, and returns what it printed.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.WaitDelay = environ.Base(), askWithin
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// firstOf is what a program said, or else what became of it.
func firstOf(out string, err error) string {
	if out == "" {
		return err.Error()
	}
	line, _, _ := strings.Cut(out, "\n")
	return line
}
