package swarm

import (
	"os"
	"path/filepath"
	"time"

	"cutover/internal/durable"

	"github.com/moby/moby/api/types/swarm"
)

// restartNote is what Swarm forgets of an instance: it keeps few of its past
// tasks.
type restartNote struct {
	// Restarts counts the tasks that ended by themselves and were replaced, up
	// to the one that was created at Until.
	Restarts int       `json:"restarts"`
	Until    time.Time `json:"until"`
}

func noteName(id string) string { return id + ".json" }

// restarts counts how often the slot's program was started again after it had
// ended by itself. Those that came and went while nobody looked, more than
// Swarm remembers, are not counted.
func (p *Platform) restarts(s slot, tasks []swarm.Task) (int, error) {
	file := filepath.Join(p.at.Notes(s.App), noteName(s.ID))
	before, _, err := durable.ReadRecord[restartNote](file)
	if err != nil {
		return 0, err
	}
	now := before.counted(tasks)
	if now == before {
		return now.Restarts, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return 0, err
	}
	return now.Restarts, durable.WriteRecord(file, now)
}

// counted goes on counting with the tasks, oldest first, that were not counted
// yet. The newest was not replaced.
func (n restartNote) counted(tasks []swarm.Task) restartNote {
	for i, t := range tasks {
		if i < len(tasks)-1 && failed(t) && t.CreatedAt.After(n.Until) {
			n.Restarts++
			n.Until = t.CreatedAt.UTC()
		}
	}
	return n
}
