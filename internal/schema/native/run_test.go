package native_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/schema/native"
	"cutover/internal/testkit"
)

func TestTheBudgetReachesTheSessionAndOptionsOfTheAppStay(t *testing.T) {
	t.Parallel()
	b := budget
	b.ClientCheck = time.Second
	c := shell(`psql -X -A -t -c "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), current_setting('search_path'), current_setting('client_connection_check_interval')" "$URL"
		echo "$CUTOVER_LOCK_TIMEOUT_MS $CUTOVER_STATEMENT_TIMEOUT_MS"`,
		"URL="+app(t), "PGOPTIONS=-c search_path=elsewhere -c lock_timeout=0")
	r, err := native.Run(context.Background(), c, b)
	if err != nil {
		t.Fatal(err)
	}
	if want := "200ms|30s|elsewhere|1s\n200 30000"; r.Output != want {
		t.Errorf("the session had %q, want %q", r.Output, want)
	}
}

func TestOnlyTheEndOfTheOutputIsKeptAndNoSecretInIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NATIVE_TEST_SECRET", "from-the-environment")
	c := shell(`i=0; while [ $i -lt 2000 ]; do echo "line $i $A"; i=$((i+1)); done; echo "$A $B $PGPASSWORD given postgres://u:inurl@h/d $PLAIN" >&2; exit 7`,
		"A=file:"+file, "B=env:NATIVE_TEST_SECRET", "PGPASSWORD=pass-word", "PLAIN=plain")
	c.Secrets = []string{"given"}
	r, err := native.Run(context.Background(), c, budget)
	if err == nil || r.ExitCode != 7 {
		t.Errorf("exit code %d, %v; want 7", r.ExitCode, err)
	}
	if !strings.HasSuffix(r.Output, "line 1999 ***\n*** *** *** *** postgres://u:***@h/d plain") {
		t.Errorf("kept: …%s", r.Output[max(0, len(r.Output)-200):])
	}
	if len(r.Output) > 8<<10 || !strings.HasPrefix(r.Output, "line ") {
		t.Errorf("kept %d bytes, beginning %.20q", len(r.Output), r.Output)
	}
	for _, secret := range []string{"from-a-file", "from-the-environment", "pass-word", "inurl"} {
		if strings.Contains(r.Output+err.Error(), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

func TestACommandThatWillNotEndIsKilledWithWhatItStarted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(context.Background())
	c := shell(`trap '' TERM; (trap '' TERM; sleep 600) & echo waiting; echo $! >"$FILE.tmp"; mv "$FILE.tmp" "$FILE"; wait`, "FILE="+file)
	ended := running(ctx, c)
	testkit.Await(t, "the command to start", func() bool { _, err := os.Stat(file); return err == nil })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting") {
		t.Errorf("%v; want it cancelled, with its output", err)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the end of what it started", func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

func TestWhatASuccessfulCommandLeavesRunningDoesNotHoldItUp(t *testing.T) {
	t.Parallel()
	r, err := native.Run(context.Background(), shell("sleep 600 & echo done"), budget)
	if err != nil || r.Output != "done" {
		t.Errorf("%+v, %v; want it done", r, err)
	}
}

func TestACancelledCommandSaysSo(t *testing.T) {
	t.Parallel()
	reason := errors.New("somebody changed their mind")
	ctx, cancel := context.WithCancelCause(context.Background())
	file := filepath.Join(t.TempDir(), "started")
	ended := running(ctx, shell(`touch "$FILE"; sleep 600`, "FILE="+file))
	testkit.Await(t, "the command to start", func() bool { _, err := os.Stat(file); return err == nil })
	cancel(reason)
	if err := <-ended; !errors.Is(err, reason) {
		t.Errorf("%v; want the reason it was cancelled for", err)
	}
}

func TestACommandThatTakesTooLongIsEnded(t *testing.T) {
	t.Parallel()
	b := budget
	b.Timeout = 50 * time.Millisecond
	r, err := native.Run(context.Background(), shell("sleep 600"), b)
	if !errors.Is(err, native.ErrTimeout) || r.ExitCode != -1 {
		t.Errorf("exit code %d, %v; want it to have taken too long", r.ExitCode, err)
	}
}

// running runs a command in the background.
func running(ctx context.Context, c native.Command) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := native.Run(ctx, c, budget)
		ended <- err
	}()
	return ended
}

func TestWhatCannotBeRunSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for want, try := range map[string]func() error{
		"is it part of the version": func() error {
			_, err := native.Run(context.Background(), native.Command{Args: []string{"/no/such/alembic"}}, budget)
			return err
		},
		"its folder right": func() error {
			_, err := native.Run(context.Background(), native.Command{Args: []string{"true"}, Dir: "/no/such/folder"}, budget)
			return err
		},
		"there is no command": func() error { _, err := native.Run(context.Background(), native.Command{}, budget); return err },
		"set it in the environment": func() error {
			_, err := native.Run(context.Background(), shell("true", "A=env:NATIVE_TEST_UNSET"), budget)
			return err
		},
		"is not NAME=value": func() error {
			_, err := native.Run(context.Background(), shell("true", "A"), budget)
			return err
		},
		"lock timeout of 0s is no limit": func() error {
			_, err := native.Run(context.Background(), shell("true"), native.Budget{Timeout: time.Second})
			return err
		},
		"a timeout of 0s is no limit": func() error {
			_, err := native.Run(context.Background(), shell("true"), native.Budget{LockTimeout: time.Second})
			return err
		},
		"it wrote nothing": func() error { _, err := native.Run(context.Background(), shell("exit 2"), budget); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
}
