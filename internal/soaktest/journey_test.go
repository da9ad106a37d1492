package soaktest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cutover/internal/api"
	"cutover/internal/engine"
	"cutover/internal/release"
)

// journey is a person who sees a release through: who deploys it, asks for
// what the story says, asks again whenever an answer is lost, resumes what a
// fault has halted, and knows when nothing is left to be done.
type journey struct {
	*stage
	story
	deployed, asked bool
	// began and ended are when; phase and reason how it came out.
	began, ended time.Time
	phase        release.Phase
	reason       string
	resumed      int
	haltedAt     time.Time
	resumedAt    time.Time
	wasHalted    string
	lastError    string
	// instances are those of the new version that were seen.
	instances map[string]bool
}

// callWithin bounds one call to a controller that may hang.
const callWithin = 5 * time.Second

// travel plays a story to its end and reports whether it came to one in time.
func (s *stage) travel(ctx context.Context, what story) (*journey, bool) {
	s.write(what.version, fill(releaseFile, map[string]any{"Version": what.version, "Change": what.change,
		"Fails": map[bool]float64{true: 0.3}[what.sort == bad], "Crash": what.sort == crash}))
	if what.change != "" && what.change != "split.change" {
		s.writeChange(what)
	}
	j := &journey{stage: s, story: what, began: time.Now(), instances: map[string]bool{}}
	over := until(ctx, s.bound, func() bool { return j.step(ctx) })
	j.ended = time.Now()
	if !over {
		s.broke("%s (%s) is stuck: %s, %s; last error: %s", what.release(), what.sort, j.phase, j.reason, j.lastError)
	}
	return j, over
}

// step does one thing and reports whether nothing is left to be done.
func (j *journey) step(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	over, err := j.act(ctx)
	if err != nil {
		j.lastError = err.Error()
	}
	return over
}

func (j *journey) act(ctx context.Context) (bool, error) {
	v, err := j.control.View(ctx, j.release())
	var answer *api.Error
	if errors.As(err, &answer) && !j.deployed {
		_, err := j.control.Deploy(ctx, api.Files{Paths: []string{j.file("app"), j.file(j.version)}})
		return false, err
	}
	if err != nil {
		return false, err
	}
	j.deployed = true
	for _, i := range v.World.Sides.Of(v.State.Plan.To.Side).List {
		j.instances[i.ID] = true
	}
	if v.State.Phase != j.phase {
		j.note("  %s is %s: %s", j.release(), v.State.Phase, v.State.Reason)
	}
	j.phase, j.reason = v.State.Phase, v.State.Reason
	switch {
	case j.phase.Ended():
		return j.settled(ctx, v)
	case v.State.Halt != nil:
		return false, j.resume(ctx, v.State)
	case j.verb() != "" && j.phase == release.Standby && v.State.Held && !v.State.Retire && v.State.Revert == "":
		_, err := j.control.Request(ctx, j.release(), j.verb(), "the soak wants it")
		j.asked = j.asked || err == nil
		return false, err
	}
	return false, nil
}

// resumeEvery is how long a person waits whether it has helped.
const resumeEvery = time.Second

// resume is what a person does who has looked at why a release halted:
// in the hope that what broke is mended.
func (j *journey) resume(ctx context.Context, s release.State) error {
	if !s.Halt.At.Equal(j.haltedAt) {
		j.haltedAt, j.wasHalted = s.Halt.At, s.Halt.Reason
		j.note("  %s halted in %s: %s", j.release(), s.Phase, s.Halt.Reason)
		return nil
	}
	if time.Since(j.resumedAt) < resumeEvery {
		return nil
	}
	_, err := j.control.Request(ctx, j.release(), release.VerbResume, "the soak goes on")
	if err == nil {
		j.resumed++
		j.resumedAt = time.Now()
	}
	return err
}

// settled reports whether nothing is left to be done: what stands has its
// route, and no action is under way.
func (j *journey) settled(ctx context.Context, v engine.View) (bool, error) {
	apps, err := j.control.Apps(ctx)
	if err != nil || len(apps) != 1 {
		return false, err
	}
	if apps[0].Plan.Release == "" {
		return true, nil
	}
	stands, err := j.control.View(ctx, apps[0].Plan.Release)
	if err != nil {
		return false, err
	}
	now := stands.World.Traffic
	return len(v.State.Pending)+len(stands.State.Pending) == 0 && now.Known && now.Salt == stands.State.Release, nil
}

func (s *stage) writeChange(what story) {
	text := fill(columnFile, map[string]string{"Version": what.version})
	if err := writeFile(s.dir, what.change, text); err != nil {
		s.t.Fatal(err)
	}
}

// world is what has to be the same after a rollback as before.
type world struct {
	Routed  string
	Running map[string]int
	Columns string
	Served  string
}

// world looks at what there is.
func (s *stage) world() world {
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	defer cancel()
	w := world{Running: map[string]int{}, Columns: s.columns(), Served: s.answers()}
	st, err := s.front.Stats(ctx, "shop")
	if err != nil {
		w.Routed = err.Error()
	} else {
		b, g := st.Route.Sides.Blue, st.Route.Sides.Green
		w.Routed = fmt.Sprintf("blue %s to %d, green %s to %d, salt %s", b.Weight, len(b.Endpoints), g.Weight, len(g.Endpoints), st.Route.Salt)
	}
	for _, p := range s.census() {
		if p.program == shopCommand {
			w.Running[p.version+" "+p.side]++
		}
	}
	return w
}

// well reports whether everything is there that should be between releases:
// two instances of one version that run and have all the traffic.
func (w world) well() bool {
	running := slices.Collect(maps.Values(w.Running))
	return w.Served != "" && slices.Equal(running, []int{2}) &&
		(strings.HasPrefix(w.Routed, "blue 100% to 2, green 0% to 0,") || strings.HasPrefix(w.Routed, "blue 0% to 0, green 100% to 2,"))
}

// wellWorld waits until faults have left a moment in which all is well, so
// that what comes after can be compared with it.
func (s *stage) wellWorld(ctx context.Context) world {
	var now world
	if !until(ctx, s.recovery, func() bool { now = s.world(); return now.well() }) {
		s.broke("the world is not well %s after a release: %+v", s.recovery, now)
	}
	return now
}

func (w world) same(o world) bool {
	return w.Routed == o.Routed && w.Columns == o.Columns && w.Served == o.Served && maps.Equal(w.Running, o.Running)
}
