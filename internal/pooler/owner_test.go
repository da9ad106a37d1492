package pooler

import (
	"os"
	"syscall"
)

// ownerOf returns the numbers of a file's user and group.
func ownerOf(info os.FileInfo) [2]uint32 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return [2]uint32{s.Uid, s.Gid}
	}
	return [2]uint32{}
}
