package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// FullDisk leaves a file system without room, by a file that takes all of it.
// The file system must be small and hold nothing that others need: see
// SmallDisk. Where no such file system can be had, GrowthStop is the next best.
type FullDisk struct {
	// Dir is a folder on that file system.
	Dir string
}

var _ Fault = FullDisk{}

// largestDisk is the most room that FullDisk takes. A disk with more of it is
// none that a test may fill.
const largestDisk = 1 << 30

// Name implements Fault.
func (FullDisk) Name() string { return "disk full" }

// Inject implements Fault.
func (f FullDisk) Inject(context.Context) (func() error, error) {
	var room syscall.Statfs_t
	if err := syscall.Statfs(f.Dir, &room); err != nil {
		return nil, fmt.Errorf("look at the disk: %w", err)
	}
	if free := room.Bavail * uint64(room.Bsize); free > largestDisk {
		return nil, fmt.Errorf("%s has %d MB of room: a test does not fill such a disk", f.Dir, free>>20)
	}
	file, err := os.OpenFile(filepath.Join(f.Dir, ".full"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("fill the disk: %w", err)
	}
	heal := func() error { return errors.Join(file.Close(), os.Remove(file.Name())) }
	if err := fill(file); err != nil {
		return nil, errors.Join(fmt.Errorf("fill the disk: %w", err), heal())
	}
	return heal, nil
}

// fill writes until nothing more fits, at last byte by byte.
func fill(file io.Writer) error {
	for size := 1 << 20; size > 0; size /= 4 {
		block := make([]byte, size)
		for {
			if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// SmallDisk mounts a file system in memory of so many bytes at dir, which must
// be an empty folder, and returns how to take it away. It takes the right to
// mount, which root has unless a container denies it.
func SmallDisk(dir string, bytes int64) (remove func() error, err error) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		return nil, fmt.Errorf("mount a small disk: %w", err)
	}
	return func() error { return syscall.Unmount(dir, syscall.MNT_DETACH) }, nil
}
