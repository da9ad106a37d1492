package daemon

import (
	"bytes"
	"context"
	"io"

	"cutover/internal/logtail"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

const (
	// logTail is how many lines of a log are read for the last one, and
	// tailBytes how much of them.
	logTail   = "20"
	tailBytes = 64 << 10
)

// LastLine returns the last line of a container's log that is not blank, with
// secrets masked, or "" if there is none or it cannot be read.
func (d *Daemon) LastLine(ctx context.Context, container string, secrets ...string) string {
	log, err := d.ContainerLogs(ctx, container, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: logTail})
	if err != nil {
		return ""
	}
	return lastOf(log, secrets)
}

// LastLineOfTask is LastLine for a task of a Swarm, on whichever node it ran.
func (d *Daemon) LastLineOfTask(ctx context.Context, task string, secrets ...string) string {
	log, err := d.TaskLogs(ctx, task, client.TaskLogsOptions{ShowStdout: true, ShowStderr: true, Tail: logTail})
	if err != nil {
		return ""
	}
	return lastOf(log, secrets)
}

func lastOf(log io.ReadCloser, secrets []string) string {
	defer log.Close()
	out := &tail{}
	// What was read before an error is good enough.
	_, _ = stdcopy.StdCopy(out, out, log)
	return logtail.Last(out.Bytes(), secrets...)
}

// Exec runs argv inside the container and returns its exit status and the end
// of its output. A program that outlasts ctx goes on: the daemon cannot be asked
// to end it.
func (d *Daemon) Exec(ctx context.Context, container string, argv []string) (code int, out []byte, err error) {
	what := "run " + argv[0]
	made, err := d.ExecCreate(ctx, container, client.ExecCreateOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, nil, d.Explain(what, err)
	}
	run, err := d.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, nil, d.Explain(what, err)
	}
	defer run.Close()
	defer context.AfterFunc(ctx, run.Close)()
	end := &tail{}
	if _, err := stdcopy.StdCopy(end, end, run.Reader); err != nil {
		return 0, nil, d.Explain("read what "+argv[0]+" says", err)
	}
	state, err := d.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	if err != nil {
		return 0, nil, d.Explain(what, err)
	}
	return state.ExitCode, end.Bytes(), nil
}

// tail keeps the end of what is written to it.
type tail struct{ bytes.Buffer }

// Write implements io.Writer. It never fails.
func (b *tail) Write(p []byte) (int, error) {
	b.Buffer.Write(p)
	if over := b.Len() - tailBytes; over > 0 {
		b.Next(over)
	}
	return len(p), nil
}
