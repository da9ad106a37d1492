package pooler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"cutover/internal/durable"
)

// replace gives the file another content, as a whole, and leaves it its mode
// and owner: PgBouncer has to be able to read it at its next start.
func (f *file) replace(text []byte) (err error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("look at PgBouncer's configuration: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(f.path), durable.TempPrefix)
	if err != nil {
		return fmt.Errorf("write PgBouncer's configuration: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write PgBouncer's configuration: %w", errors.Join(err, os.Remove(temp.Name())))
		}
	}()
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && (int(owner.Uid) != os.Getuid() || int(owner.Gid) != os.Getgid()) {
		err = temp.Chown(int(owner.Uid), int(owner.Gid))
	}
	_, wrote := temp.Write(text)
	if err = errors.Join(err, wrote, temp.Chmod(info.Mode().Perm()), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err = os.Rename(temp.Name(), f.path); err != nil {
		return err
	}
	return durable.SyncFolder(filepath.Dir(f.path))
}
