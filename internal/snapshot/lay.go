package snapshot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// Opener gives the content of snapshots back. A Folder is one.
type Opener interface {
	// Open returns the content with this SHA-256, in lower-case hex, and an
	// error if it is missing or not what the digest says.
	Open(digest string) (io.ReadCloser, error)
}

var _ Opener = (*Folder)(nil)

// ReadFrom returns the content of file.
func ReadFrom(from Opener, file release.File) ([]byte, error) {
	r, err := from.Open(file.Digest)
	if err != nil {
		return nil, fmt.Errorf("open the snapshot of %s: %w", file.Name, err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", file.Name, err)
	}
	return content, nil
}

// Lay puts files into folder, which is created with folderMode if need be.
// Each is there whole, with fileMode and with the content its digest says;
// what is right already is not touched.
func Lay(from Opener, folder string, files []release.File, folderMode, fileMode os.FileMode) error {
	for _, file := range files {
		if err := lay(from, folder, file, folderMode, fileMode); err != nil {
			return fmt.Errorf("lay out %s: %w", file.Name, err)
		}
	}
	return nil
}

func lay(from Opener, folder string, file release.File, folderMode, fileMode os.FileMode) error {
	if !filepath.IsLocal(file.Name) {
		return errors.New("the name leads out of the folder")
	}
	path := filepath.Join(folder, file.Name)
	if have, err := os.ReadFile(path); err == nil && Digest(have) == file.Digest {
		return nil
	}
	content, err := ReadFrom(from, file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return err
	}
	return durable.WriteFile(path, content, fileMode)
}
