package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"cutover/internal/socket"
)

// maxSocketPath is what the kernel takes (sun_path without its final zero).
const maxSocketPath = 107

// Listen opens the socket with mode 0600 and creates its folder with 0700 if
// it does not exist. A folder that others may enter is refused. A socket left
// behind by a killed process is replaced: the caller must hold a lock that no
// living proxy shares. Its file is watched over, see socket.Listener.
func Listen(path string, log *slog.Logger) (*socket.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("open admin socket: the path %s has %d bytes, a Unix socket takes %d: choose a shorter one with --state",
			path, len(path), maxSocketPath)
	}
	if err := private(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeSocket(path); err != nil {
		return nil, err
	}
	ln, err := socket.Listen(path, log)
	if err != nil {
		return nil, fmt.Errorf("open admin socket: %w", err)
	}
	return ln, nil
}

func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create folder of the admin socket: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at folder of the admin socket: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("open admin socket: others may enter %s (mode %04o): run chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	return nil
}

func removeSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at admin socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("open admin socket: %s exists and is no socket: move it away", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove old admin socket: %w", err)
	}
	return nil
}
