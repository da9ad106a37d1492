package sqlite

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
)

// appendForEver says "ready", opens the journal and prints each head that was
// acknowledged. It only returns on an error, its parent's death included.
func appendForEver(path string) error {
	fmt.Println("ready")
	ctx := context.Background()
	j, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	lease, err := j.Acquire(ctx, fmt.Sprint("process-", os.Getpid()), time.Now(), time.Nanosecond)
	if err != nil {
		return err
	}
	head, err := j.Head(ctx)
	for err == nil {
		pair := records(2)
		body := json.RawMessage(fmt.Sprint(head.Seq + 2))
		if head, err = j.Append(ctx, lease, head.Seq, pair, []store.State{{Key: "last", Body: body}}); err == nil {
			_, err = fmt.Printf("%d %s\n", head.Seq, head.Hash)
		}
	}
	return err
}

// This shows that the death of the process loses nothing and leaves nothing
// half-done, wherever it strikes: while the journal is made, during a commit,
// between commit and checkpoint. A power cut it cannot show; for that see
// TestACommitIsOnDiskBeforeAppendReturns.
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	const most, least = 40, 8
	path := newPath(t)
	patience := time.Now().Add(5 * time.Second)
	acknowledged := 0
	for round := range most {
		if round%8 == 0 {
			path = newPath(t) // die while it is being made, too
		}
		// Every other process dies early; the others once they are at work,
		// however slowly they get there.
		acks := killed(t, path, round%2*(1+rand.IntN(8)), time.Duration(rand.Int64N(int64(15*time.Millisecond))))
		acknowledged += len(acks)
		survives(t, path, acks)
		if round >= least && time.Now().After(patience) {
			break
		}
	}
	if acknowledged == 0 {
		t.Error("no process lived long enough to append: nothing was shown")
	}
	t.Logf("%d acknowledged appends", acknowledged)
}

// killed runs a process that appends, kills it the given time after it began
// or acknowledged so many appends, and returns what it had acknowledged.
func killed(t *testing.T, path string, count int, after time.Duration) []store.Head {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = asChild("append", path)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var acks []store.Head
	for armed := false; lines.Scan(); {
		if !armed && len(acks) >= count {
			armed = true
			defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
		}
		var head store.Head
		// The last line may be cut off.
		if n, _ := fmt.Sscanf(lines.Text(), "%d %s", &head.Seq, &head.Hash); n == 2 && len(head.Hash) == 64 {
			acks = append(acks, head)
		}
	}
	_ = cmd.Wait() // killed, as it should be
	if complaint.Len() > 0 {
		t.Errorf("the process ended by itself: %s", &complaint)
	}
	return acks
}

// survives opens what the process left as its successor would.
func survives(t *testing.T, path string, acks []store.Head) {
	t.Helper()
	j, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatalf("open after the kill: %v", err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	head, err := j.Verify(t.Context())
	if err != nil {
		t.Fatalf("verify after the kill: %v", err)
	}
	for _, ack := range acks {
		got, err := headAt(t.Context(), j.reader, ack.Seq)
		if err != nil || got != ack {
			t.Fatalf("record %d was acknowledged with hash %s, now: %v, %v", ack.Seq, ack.Hash, got, err)
		}
	}
	states, err := j.States(t.Context(), "last")
	if err != nil || head.Seq%2 != 0 {
		t.Fatalf("after the kill the journal ends at record %d, half an entry; %v", head.Seq, err)
	}
	if head.Seq > 0 && (len(states) != 1 || string(states[0].Body) != fmt.Sprint(head.Seq) || states[0].Seq != head.Seq) {
		t.Fatalf("the journal ends at record %d, the state is %+v", head.Seq, states)
	}
}
