package house

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cutover/internal/durable"
	"cutover/internal/platform/docker/badge"
)

// Book is what is remembered of an app as a whole.
type Book struct {
	// Fence is the highest one an order ever had.
	Fence uint64 `json:"fence"`
	// Last is the number of the newest instance; numbers are never used again.
	Last int `json:"last"`
	// Sockets are those of the daemons that may have instances.
	Sockets []string `json:"sockets"`
}

func (b Book) equal(o Book) bool {
	return b.Fence == o.Fence && b.Last == o.Last && slices.Equal(b.Sockets, o.Sockets)
}

// Layout says where things lie below the state folder.
type Layout struct{ Root string }

func (l Layout) mark() string { return filepath.Join(l.Root, "house") }
func (l Layout) apps() string { return filepath.Join(l.Root, "instances") }

// App is the folder of an app.
func (l Layout) App(app string) string  { return filepath.Join(l.apps(), app) }
func (l Layout) lock(app string) string { return filepath.Join(l.App(app), "lock") }
func (l Layout) book(app string) string { return filepath.Join(l.App(app), "book.json") }

// Notes is the folder with what is noted of an app's instances.
func (l Layout) Notes(app string) string { return filepath.Join(l.App(app), "notes") }

// Files is the folder with the configuration files of an app.
func (l Layout) Files(app string) string { return filepath.Join(l.Root, "files", app) }

// ReadMark returns the mark of what belongs to this state folder, "" if it never
// had one.
func (l Layout) ReadMark() (string, error) {
	data, err := os.ReadFile(l.mark())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the mark of the containers: %w", err)
	}
	mark := strings.TrimSpace(string(data))
	if !SafeName(mark) {
		return "", fmt.Errorf("read the mark of the containers: %s is damaged: restore it; the label %s of a running container has the mark", l.mark(), badge.LabelHouse)
	}
	return mark, nil
}

// MakeMark returns the mark, and makes it the first time. Of several
// controllers one is the first.
func (l Layout) MakeMark() (string, error) {
	if mark, err := l.ReadMark(); mark != "" || err != nil {
		return mark, err
	}
	mine := l.mark() + "." + rand.Text()
	if err := durable.WriteFile(mine, []byte(strings.ToLower(rand.Text()[:12])+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("make the mark of the containers: %w", err)
	}
	err := os.Link(mine, l.mark())
	if errors.Is(err, fs.ErrExist) {
		err = nil // another controller was faster
	}
	if err := errors.Join(err, os.Remove(mine), durable.SyncFolder(l.Root)); err != nil {
		return "", fmt.Errorf("make the mark of the containers: %w", err)
	}
	return l.ReadMark()
}

// Apps returns the names of all apps that ever had an instance here, sorted.
func (l Layout) Apps() ([]string, error) {
	entries, err := os.ReadDir(l.apps())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the apps: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Read returns the book of an app, an empty one if it never had an instance.
func (l Layout) Read(app string) (Book, error) {
	b, _, err := durable.ReadRecord[Book](l.book(app))
	return b, err
}

// Fence returns the highest fence that an order for app ever had: an order
// with it is obeyed as long as no newer controller has given one.
func (l Layout) Fence(app string) (uint64, error) {
	if err := CheckApp(app); err != nil {
		return 0, err
	}
	b, err := l.Read(app)
	if err != nil {
		return 0, fmt.Errorf("read the fence of %s: %w", app, err)
	}
	return b.Fence, nil
}

// DropOthers removes what folder has for instances that are not in use, by the
// names of its entries. The caller must be on a Visit.
func DropOthers(folder string, used map[string]bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var failed []error
	for _, e := range entries {
		if !used[e.Name()] {
			failed = append(failed, os.RemoveAll(filepath.Join(folder, e.Name())))
		}
	}
	return errors.Join(failed...)
}
