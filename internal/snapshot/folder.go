// Package snapshot keeps copies of configuration files by the SHA-256 of
// their content, so that a version can be started again later with exactly
// the files it had, whatever became of the originals.
package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// MaxBytes is the largest file that can be kept.
const MaxBytes = 16 << 20

// Errors a caller branches on.
var (
	// ErrMissing means that no snapshot with this digest is kept.
	ErrMissing = errors.New("no such snapshot")
	// ErrChanged means that the kept content is not what was saved.
	ErrChanged = errors.New("the snapshot was changed after it was saved")
)

// Folder is a private folder of snapshots. It may be used by several
// goroutines and several processes at once.
type Folder struct{ path string }

// New returns the folder at path, which is created if need be.
func New(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create the snapshot folder: %w", err)
	}
	return &Folder{path: path}, nil
}

// Save keeps content and returns its File, with Digest and Bytes set and Name
// as given. Saving the same content again changes nothing; a copy that was
// damaged meanwhile is replaced. When Save returns nil the content survives
// a power failure.
func (f *Folder) Save(name string, content []byte) (release.File, error) {
	if len(content) > MaxBytes {
		return release.File{}, fmt.Errorf("save snapshot of %s: it has %d bytes, at most %d can be kept: name configuration files only", name, len(content), MaxBytes)
	}
	file := release.File{Name: name, Digest: Digest(content), Bytes: int64(len(content))}
	switch _, err := f.Read(file.Digest); {
	case err == nil:
		return file, nil
	case errors.Is(err, ErrMissing), errors.Is(err, ErrChanged):
	default:
		return release.File{}, err
	}
	if err := durable.WriteFile(f.at(file.Digest), content, 0o600); err != nil {
		return release.File{}, fmt.Errorf("save snapshot of %s: %w", name, err)
	}
	return file, nil
}

// Read returns the content with this digest, after comparing it with the
// digest: ErrMissing if there is none, ErrChanged if it differs.
func (f *Folder) Read(digest string) ([]byte, error) {
	if err := checkDigest(digest); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(f.at(digest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read snapshot %s: %w in %s: plan the release again from the original files", digest, ErrMissing, f.path)
	}
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if Digest(content) != digest {
		return nil, fmt.Errorf("read snapshot %s: %w: plan the release again from the original files", f.at(digest), ErrChanged)
	}
	return content, nil
}

// Open is Read for those who want a reader. Nothing is returned before all of
// the content was compared with the digest.
func (f *Folder) Open(digest string) (io.ReadCloser, error) {
	content, err := f.Read(digest)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Digest returns the SHA-256 of content in hex.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// checkDigest keeps anything but a digest from becoming part of a path.
func checkDigest(digest string) error {
	if len(digest) != 2*sha256.Size || strings.Trim(digest, "0123456789abcdef") != "" {
		return fmt.Errorf("read snapshot: %q is not a SHA-256 in lower-case hex", digest)
	}
	return nil
}

func (f *Folder) at(digest string) string { return filepath.Join(f.path, digest) }
