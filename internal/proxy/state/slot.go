package state

import (
	"bytes"
	"errors"
	"os"
	"syscall"
)

// slotName is the file in which a table is durable first. It is written in
// place and never changes its size, so that to make it durable is one write of
// the disk: a rename, or a file that grows, would have to wait for everything
// else that the file system has to write, such as the logs of busy instances.
// That it may be torn does no harm: it counts only if it is whole and follows
// the table in the other files.
const slotName = "table.next"

// slotSize is what the size of the slot is a multiple of, in bytes.
const slotSize = 16 << 10

// overwrite puts content into the file and blanks behind it. The file has
// twice the room it needs when it is made, or has to grow.
func (d *Dir) overwrite(name string, content []byte) (err error) {
	d.at(name, "open")
	f, err := os.OpenFile(d.Path(name), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := int(info.Size())
	grows := size < len(content)
	if grows {
		size = (2*len(content) + slotSize - 1) / slotSize * slotSize
	}
	d.at(name, "write")
	if _, err := f.WriteAt(append(content, bytes.Repeat([]byte{' '}, size-len(content))...), 0); err != nil {
		return err
	}
	d.at(name, "sync")
	if grows {
		return errors.Join(f.Sync(), syncDir(d.path))
	}
	return syscall.Fdatasync(int(f.Fd()))
}
