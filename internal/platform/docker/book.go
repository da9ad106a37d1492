package docker

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
)

// book is what is remembered of an app as a whole.
type book struct {
	// Fence is the highest one an order ever had.
	Fence uint64 `json:"fence"`
	// Last is the number of the newest instance; numbers are never used again.
	Last int `json:"last"`
	// Sockets are those of the daemons that may have instances.
	Sockets []string `json:"sockets"`
}

func (b book) equal(o book) bool {
	return b.Fence == o.Fence && b.Last == o.Last && slices.Equal(b.Sockets, o.Sockets)
}

// layout says where things lie below the state folder. DESIGN.md has a map.
type layout struct{ root string }

func (l layout) house() string           { return filepath.Join(l.root, "house") }
func (l layout) apps() string            { return filepath.Join(l.root, "instances") }
func (l layout) app(app string) string   { return filepath.Join(l.apps(), app) }
func (l layout) lock(app string) string  { return filepath.Join(l.app(app), "lock") }
func (l layout) book(app string) string  { return filepath.Join(l.app(app), "book.json") }
func (l layout) notes(app string) string { return filepath.Join(l.app(app), "notes") }
func (l layout) files(app string) string { return filepath.Join(l.root, "files", app) }

// readHouse returns the mark of this state folder's containers, "" if it never
// had one.
func (l layout) readHouse() (string, error) {
	data, err := os.ReadFile(l.house())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the mark of the containers: %w", err)
	}
	mark := strings.TrimSpace(string(data))
	if !safeName.MatchString(mark) {
		return "", fmt.Errorf("read the mark of the containers: %s is damaged: restore it; the label %s of a running container has the mark", l.house(), labelHouse)
	}
	return mark, nil
}

// makeHouse returns the mark, and makes it the first time. Of several
// controllers one is the first.
func (l layout) makeHouse() (string, error) {
	if mark, err := l.readHouse(); mark != "" || err != nil {
		return mark, err
	}
	mine := l.house() + "." + rand.Text()
	if err := durable.WriteFile(mine, []byte(strings.ToLower(rand.Text()[:12])+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("make the mark of the containers: %w", err)
	}
	err := os.Link(mine, l.house())
	if errors.Is(err, fs.ErrExist) {
		err = nil // another controller was faster
	}
	if err := errors.Join(err, os.Remove(mine), durable.SyncFolder(l.root)); err != nil {
		return "", fmt.Errorf("make the mark of the containers: %w", err)
	}
	return l.readHouse()
}

// Apps returns the names of all apps that ever had an instance here, sorted.
func (p *Platform) Apps() ([]string, error) {
	entries, err := os.ReadDir(p.at.apps())
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

// Fence returns the highest fence that an order for app ever had: an order
// with it is obeyed as long as no newer controller has given one.
func (p *Platform) Fence(app string) (uint64, error) {
	if err := checkApp(app); err != nil {
		return 0, err
	}
	b, _, err := durable.ReadRecord[book](p.at.book(app))
	if err != nil {
		return 0, fmt.Errorf("read the fence of %s: %w", app, err)
	}
	return b.Fence, nil
}
