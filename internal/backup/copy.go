package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"cutover/internal/logtail"
)

// Copy fills the empty database to with everything from holds, in one
// snapshot, while users go on reading and writing: pg_dump's output goes
// straight into pg_restore. With owners, owners and rights are copied too,
// which needs the same roles and the right to hand objects to them; without,
// everything belongs to who signs in, and extensions that role may not create
// are left out. On an error the target is empty.
func (f Folder) Copy(ctx context.Context, from, to Source, owners bool) error {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	if err := f.copy(ctx, from, to, owners); err != nil {
		return fmt.Errorf("copy the database: %w", timely(ctx, err))
	}
	return nil
}

func (f Folder) copy(ctx context.Context, from, to Source, owners bool) error {
	source, err := from.parts()
	if err != nil {
		return err
	}
	target, err := to.parts()
	if err != nil {
		return err
	}
	version, err := serverVersion(ctx, from)
	if err != nil {
		return err
	}
	dump, err := find(ctx, "pg_dump", f.Programs, version/10000)
	if err != nil {
		return err
	}
	restore, err := find(ctx, "pg_restore", f.Programs, dump.major)
	if err != nil {
		return err
	}
	args := []string{"--format=custom", "--compress=0", fmt.Sprintf("--lock-wait-timeout=%d", lockPatience.Milliseconds())}
	if !owners {
		options, err := allowed(ctx, from, to)
		if err != nil {
			return err
		}
		args = append(args, options...)
	}
	f.progress(Progress{Stage: Restoring})
	// When one of the two fails, the other is of no use any longer.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := dump.command(ctx, source, args...)
	in := restore.command(ctx, target, restoring(owners)...)
	return pipe(ctx, stop, dump, restore, out, in, source, target)
}

// errOther is the cause of the end of one program when the other has failed.
var errOther = errors.New("the other end of the pipe failed")

// pipe runs the two programs side by side and waits for both.
func pipe(ctx context.Context, stop context.CancelCauseFunc, dump, restore program, out, in *exec.Cmd, source, target place) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	dumped, restored := logtail.NewEnd(keptOutput), logtail.NewEnd(keptOutput)
	out.Stdout, out.Stderr = writer, dumped
	in.Stdin, in.Stdout, in.Stderr = reader, restored, restored
	startOut, startIn := out.Start(), in.Start()
	// The programs have their own copies; ours would keep the pipe open.
	_, _ = reader.Close(), writer.Close()
	var both sync.WaitGroup
	results := make([]error, 2)
	wait := func(i int, p program, at place, cmd *exec.Cmd, started error, said *logtail.End) {
		err := started
		if err == nil {
			err = cmd.Wait()
		}
		if nobodyReads(err) {
			// The reader has failed and says why itself, perhaps a moment later.
			results[i] = errOther
			return
		}
		if results[i] = p.explain(ctx, at, err, said); results[i] != nil {
			stop(errOther)
		}
	}
	both.Go(func() { wait(0, dump, source, out, startOut, dumped) })
	both.Go(func() { wait(1, restore, target, in, startIn, restored) })
	both.Wait()
	return firstCause(results)
}

// nobodyReads reports whether a program ended because nobody takes its output.
func nobodyReads(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGPIPE
}

// firstCause leaves out what ended only because the other had failed.
func firstCause(results []error) error {
	var own []error
	for _, err := range results {
		if err != nil && !errors.Is(err, errOther) {
			own = append(own, err)
		}
	}
	if len(own) == 0 {
		return errors.Join(results...)
	}
	return errors.Join(own...)
}

// serverVersion returns the server's version as a number, such as 150018.
func serverVersion(ctx context.Context, s Source) (n int, err error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer closeConn(conn)
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&n); err != nil {
		return 0, fmt.Errorf("ask for the server's version: %w", err)
	}
	return n, nil
}
