package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"cutover/internal/demo/load"
)

// addresses are the ids of those that users were told are kept.
type addresses struct {
	mu   sync.Mutex
	kept []string
}

// note hears of every request's fate.
func (a *addresses) note(o load.Outcome) {
	if o.Kind != load.AddressKind || o.Fate != load.Answered || o.Status != http.StatusCreated {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept = append(a.kept, o.ID)
}

func (a *addresses) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.kept)
}

// readBack asks the version that serves now for every address, whichever
// version wrote it, and counts those that are not as they were written.
func (d *demo) readBack(ctx context.Context, a *Act) error {
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	kept := d.written.all()
	a.Addresses, a.AddressesLost = len(kept), 0
	for _, id := range kept {
		line, err := d.line(ctx, client, id)
		if err != nil {
			return fmt.Errorf("read the address %s back: %w", id, err)
		}
		if line != load.AddressOf(id) {
			a.AddressesLost++
		}
	}
	return nil
}

func (d *demo) line(ctx context.Context, client *http.Client, id string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.listen+"/api/addresses/"+id, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return "", nil
	}
	var got struct{ Line string }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return "", fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	return got.Line, nil
}
