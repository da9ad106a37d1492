package swarm

import (
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
)

func TestOnlyTasksThatEndedByThemselvesAndWereReplacedCountAndOnce(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)
	var tasks []swarm.Task
	add := func(state swarm.TaskState) []swarm.Task {
		task := swarm.Task{Status: swarm.TaskStatus{State: state}}
		task.CreatedAt = began.Add(time.Duration(len(tasks)) * time.Minute)
		tasks = append(tasks, task)
		return tasks
	}
	n := restartNote{}
	for i, c := range []struct {
		tasks []swarm.Task
		want  int
	}{
		{nil, 0},
		{add(swarm.TaskStateFailed), 0}, // nothing has taken its place yet
		{add(swarm.TaskStateComplete), 1},
		{add(swarm.TaskStateShutdown), 2}, // moved by the swarm
		{add(swarm.TaskStateRejected), 2},
		{add(swarm.TaskStateRunning), 3},
		{add(swarm.TaskStateRunning)[4:], 3}, // the older ones are forgotten
	} {
		if n = n.counted(c.tasks); n.Restarts != c.want {
			t.Errorf("look %d: %d restarts; want %d", i, n.Restarts, c.want)
		}
	}
}

func TestTheNameOfAServiceFitsWhateverTheAppIsCalled(t *testing.T) {
	t.Parallel()
	for app, want := range map[string]string{
		"shop": "cutover-abcdef-shop-blue-3", "web-shop": "cutover-abcdef-web-shop-blue-3",
		"shop.example": "", "shop-": "", strings.Repeat("x", 60): "",
	} {
		got := serviceName("abcdefghijkl", app, "blue-3")
		if want != "" && got != want || len(got) > 55 || strings.ContainsAny(got, "._") || got == serviceName("abcdefghijkl", app+"x", "blue-3") {
			t.Errorf("%q is named %q; want %q", app, got, want)
		}
	}
}
