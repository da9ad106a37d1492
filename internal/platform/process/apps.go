package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

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
	b, err := readBook(p.at.book(app))
	if err != nil {
		return 0, fmt.Errorf("read the fence of %s: %w", app, err)
	}
	return b.Fence, nil
}
