package soaktest

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit/fault"
)

// outcome is a release with how it came out.
type outcome struct {
	*journey
	// result is "as it should", or what took it back.
	result string
}

func TestNothingIsLostWhateverBreaksWhileReleaseFollowsRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t, readSettings(t))
	k := s.keepController()
	ended := false
	t.Cleanup(func() {
		if !ended {
			k.end()
		}
	})
	ctx := t.Context()
	if first, ok := s.travel(ctx, story{sort: good, version: "v1"}); !ok || first.phase != release.Done {
		t.Fatalf("v1 does not stand: %s, %s; %s", first.phase, first.reason, tail(s, "control.log"))
	}
	all := s.catalogue(k)
	plan := fault.Plan(s.seed, s.length, s.rest, kinds(all))
	t.Logf("SEED=%d, %d faults are planned:\n%s", s.seed, len(plan), fault.Print(plan))

	users := s.admit()
	w := &witness{stage: s, users: users, keeper: k, history: s.newHistory(), sizes: map[string][]size{}}
	looking, stopLooking := context.WithCancel(ctx)
	var looks sync.WaitGroup
	looks.Go(func() { w.watch(looking) })
	p := &player{stage: s, keeper: k, known: all, missed: map[string]int{}}
	began := time.Now()
	done := s.run(ctx, p, plan)
	took := time.Since(began)

	leave, cancel := context.WithTimeout(ctx, 2*userPatience)
	users.crowd.Stop(leave)
	cancel()
	users.readBack()
	stopLooking()
	looks.Wait()
	k.end()
	ended = true
	w.history.prove(ctx)
	s.auditVerify()
	blows := p.all()
	a := s.reckon(users, w.cuts, blows, done)
	if took >= flatFrom {
		w.flat()
	}
	r := report{stage: s, plan: plan, took: took, done: done, blows: blows, missed: p.missed, account: a, witness: w, kept: len(users.kept)}
	r.publish()
	if broken := s.trouble(); len(broken) > 0 {
		t.Errorf("%d things broke; play it again with SEED=%d:\n%s\n\nthe last events:\n%s\n\nthe controllers' log ends:\n%s",
			len(broken), s.seed, strings.Join(broken, "\n"), s.last(), tail(s, "control.log"))
	}
}

// flatFrom is how long a soak must last to say anything about memory.
const flatFrom = 4 * time.Minute

// run plays the plan and, meanwhile, release after release.
func (s *stage) run(ctx context.Context, p *player, plan []fault.Strike) []outcome {
	playing, stop := context.WithTimeout(ctx, s.length)
	defer stop()
	var played sync.WaitGroup
	played.Go(func() { p.play(playing, plan) })
	defer played.Wait()
	var done []outcome
	tell := teller{dice: rand.New(rand.NewPCG(s.seed, 1<<32))}
	for playing.Err() == nil && (s.releases == 0 || len(done) < s.releases) || len(done) == 0 {
		what := tell.next()
		before := s.wellWorld(ctx)
		s.note("> %s: %s %s", what.release(), what.sort, what.change)
		j, ok := s.travel(ctx, what)
		if !ok {
			return append(done, outcome{j, "stuck"})
		}
		tell.split = tell.split || j.phase == release.Done
		done = append(done, outcome{j, s.judge(ctx, j, before, p.all())})
		s.note("< %s: %s, %s, in %.1f s", what.release(), j.phase, done[len(done)-1].result, j.ended.Sub(j.began).Seconds())
	}
	return done
}

// asItShould is the result of a release that no fault took back.
const asItShould = "as it should"

// judge says whether a release came out as it had to, and, of one that was
// taken back, proves that the world is as before.
func (s *stage) judge(ctx context.Context, j *journey, before world, blows []blow) string {
	if j.phase == release.RolledBack {
		s.proveBefore(ctx, j, before)
	}
	if j.phase == j.ends() {
		return asItShould
	}
	if j.phase == release.Done {
		s.broke("%s (%s) came through: %s", j.release(), j.sort, j.reason)
		return "CAME THROUGH"
	}
	// What was struck shortly before may still be missing.
	const after = 45 * time.Second
	for _, b := range blows {
		if b.blame && b.from.Before(j.ended) && b.recovered.Add(after).After(j.began) {
			return "taken back after a fault"
		}
	}
	s.broke("%s (%s) was taken back, and no fault is to blame: %s", j.release(), j.sort, j.reason)
	return "TAKEN BACK WITHOUT A FAULT"
}

// proveBefore is I6. Faults go on, so the world gets the time to become what
// it was.
func (s *stage) proveBefore(ctx context.Context, j *journey, before world) {
	var now world
	if !until(ctx, s.recovery, func() bool { now = s.world(); return now.same(before) }) {
		s.broke("I6: after %s the world is not as before.\nbefore: %+v\nnow:    %+v", j.release(), before, now)
	}
}

// auditVerify asks cutover itself whether the journal is whole.
func (s *stage) auditVerify() {
	cmd := exec.Command(testBinary(), "audit", "verify", "--state", s.path())
	cmd.Env = s.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		s.broke("cutover audit verify: %v: %s", err, out)
	}
}
