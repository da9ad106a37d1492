package sockets

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Entry is one TCP socket.
type Entry struct {
	Local, Remote netip.AddrPort
	// Listening is a socket that takes connections; Open one that carries
	// requests or is being opened for one.
	Listening, Open bool
	Inode           uint64
}

// The states of the kernel that matter here.
const (
	established = "01"
	synSent     = "02"
	listening   = "0A"
)

// Table returns the sockets of the network in which a process lives. It is
// readable for everybody.
func Table(pid int) ([]Entry, error) {
	var all []Entry
	for _, name := range []string{"tcp", "tcp6"} {
		path := fmt.Sprintf("/proc/%d/net/%s", pid, name)
		f, err := os.Open(path)
		if name == "tcp6" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the connections of process %d: %w", pid, err)
		}
		found, err := parse(bufio.NewScanner(f))
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func parse(lines *bufio.Scanner) ([]Entry, error) {
	var all []Entry
	lines.Scan() // the head of the table
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 {
			return nil, fmt.Errorf("a line has %d fields instead of 10", len(f))
		}
		local, err := address(f[1])
		remote, also := address(f[2])
		inode, third := strconv.ParseUint(f[9], 10, 64)
		if err := errors.Join(err, also, third); err != nil {
			return nil, err
		}
		all = append(all, Entry{
			Local: local, Remote: remote, Inode: inode,
			Listening: f[3] == listening, Open: f[3] == established || f[3] == synSent,
		})
	}
	return all, lines.Err()
}

// address reads the kernel's writing: words of four bytes in the machine's own
// order, in hex.
func address(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, fmt.Errorf("%q is not an address", text)
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is not a port", port)
	}
	ip, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}

// Owned returns the inodes of the sockets that a process holds. Only its own
// user and root may look.
func Owned(pid int) (map[uint64]bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the open files of process %d: %w", pid, err)
	}
	owned := map[uint64]bool{}
	for _, f := range files {
		to, err := os.Readlink(dir + "/" + f.Name())
		if err != nil {
			continue // closed meanwhile
		}
		inode, ok := strings.CutPrefix(to, "socket:[")
		if n, err := strconv.ParseUint(strings.TrimSuffix(inode, "]"), 10, 64); ok && err == nil {
			owned[n] = true
		}
	}
	return owned, nil
}
