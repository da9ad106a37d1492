package certificate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile is more than any chain or list of authorities has.
const maxFile = 4 << 20

// readFile returns the content of a file, with an error that says what to do.
func readFile(path string) ([]byte, error) {
	content, _, err := read(path)
	return content, err
}

// readSecret is readFile for what nobody else may see.
func readSecret(path string) ([]byte, error) {
	content, mode, err := read(path)
	if err != nil {
		return nil, err
	}
	if mode&0o007 != 0 {
		return nil, fmt.Errorf("every user of this machine may read or change it (mode %04o): chmod 600 %s", mode, path)
	}
	return content, nil
}

func read(path string) ([]byte, fs.FileMode, error) {
	if !filepath.IsAbs(path) {
		return nil, 0, errors.New("the path does not begin with /")
	}
	// A named pipe must not hold the caller up.
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, 0, errors.New("it is no file: write the path of the file itself")
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, errors.New("there is no such file: write its path, relative to the folder of the App's file")
	case errors.Is(err, fs.ErrPermission):
		return nil, 0, errors.New("this user may not read it: give it to the user, or a group of the user, that cutover runs as")
	case err != nil:
		return nil, 0, fmt.Errorf("open: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("read: %w", err)
	case len(content) == 0:
		return nil, 0, errors.New("it is empty")
	case len(content) > maxFile:
		return nil, 0, fmt.Errorf("it has more than %d MiB, so it is something else", maxFile>>20)
	}
	return content, info.Mode().Perm(), nil
}
