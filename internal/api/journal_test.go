package api

import (
	"testing"
	"time"

	"cutover/internal/release"
)

// head returns the number of the last record.
func (d *desk) head(t *testing.T) int64 {
	t.Helper()
	h, err := d.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h.Seq
}

type answerOf struct {
	lines []Line
	err   error
}

// waitFor asks for the records after seq in the background.
func (d *desk) waitFor(t *testing.T, after int64, wait time.Duration) <-chan answerOf {
	t.Helper()
	got := make(chan answerOf, 1)
	go func() {
		lines, err := d.Lines(t.Context(), after, "", "", wait)
		got <- answerOf{lines, err}
	}()
	return got
}

// settle deploys a release and has it paused, so that nothing is recorded by
// itself any more.
func (d *desk) settle(t *testing.T) int64 {
	t.Helper()
	d.deploy(t, "r1")
	v, err := d.Request(t.Context(), "r1", release.VerbPause, "")
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	seen, calm := v.State.Seq, 0
	for calm < 100 {
		<-tick.C
		if h := d.head(t); h != seen {
			seen, calm = h, 0
		}
		calm++
	}
	return seen
}

func TestAReaderThatWaitsIsWokenByTheNextRecord(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	last := d.settle(t)
	got := d.waitFor(t, last, 20*time.Second)
	select {
	case a := <-got:
		t.Fatalf("it was answered before there was a record: %+v", a)
	case <-time.After(200 * time.Millisecond):
	}
	if _, err := d.Request(t.Context(), "r1", release.VerbResume, ""); err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-got:
		if a.err != nil || len(a.lines) == 0 || a.lines[0].Seq != last+1 || a.lines[0].Type != "requested" {
			t.Errorf("it was answered %+v", a)
		}
	case <-time.After(15 * time.Second):
		t.Error("it was not woken")
	}
}

func TestAReaderThatWaitsIsAnsweredAtItsLimit(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	last := d.settle(t)
	began := time.Now()
	lines, err := d.Lines(t.Context(), last, "", "", time.Second)
	if err != nil || lines == nil || len(lines) != 0 {
		t.Errorf("it was answered %v (%v), want an empty list", lines, err)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("it was answered after %s already", took)
	}
}

func TestAReaderWaitsForItsOwnReleaseOnly(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	d.deploy(t, "r1")
	if lines, err := d.Lines(t.Context(), 0, "", "r2", 0); err != nil || len(lines) != 0 {
		t.Errorf("there are %v (%v)", lines, err)
	}
	if lines, err := d.Lines(t.Context(), 0, "forum", "", 0); err != nil || len(lines) != 0 {
		t.Errorf("there are %v (%v)", lines, err)
	}
	if code, _ := d.raw(t, "GET", "/v1/journal?limit=1", ""); code != 200 {
		t.Errorf("it was answered %d", code)
	}
}

func TestNobodyWaitsLongerThanTheServerAllows(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]time.Duration{
		0: 0, 1: time.Second, 25: longestWait, 26: longestWait, 1 << 62: longestWait, 9223372036: longestWait,
	} {
		if got := patience(seconds); got != want {
			t.Errorf("who asks for %d s waits %s, want %s", seconds, got, want)
		}
	}
	if longestWait >= answerLimit {
		t.Errorf("a client gives up after %s, before the server's %s", answerLimit, longestWait)
	}
}

func TestAServerThatClosesSendsWaitingReadersAwayAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	last := d.settle(t)
	got := d.waitFor(t, last, 20*time.Second)
	select {
	case a := <-got:
		t.Fatalf("it was answered %+v", a)
	case <-time.After(200 * time.Millisecond):
	}
	if err := d.close(); err != nil {
		t.Errorf("Serve ended with %v", err)
	}
	select {
	case a := <-got:
		if a.err != nil || len(a.lines) != 0 {
			t.Errorf("it was sent away with %+v, want an empty answer", a)
		}
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
}
