package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"cutover/internal/environ"
	"cutover/internal/platform/roll"
	"cutover/internal/release"
)

const (
	// most is how much a command may print.
	most = 1 << 20
	// lastWords is how much of what a failed command said is shown.
	lastWords = 300
	// letGo is how long what a command leaves running may hold its output.
	letGo = time.Second
)

// prepared is a command with its environment. It holds the values of secrets
// and must never be stored, logged or put into an error.
type prepared struct {
	args, env, secrets []string
	dir                string
}

// prepare fills in what a command leaves open for one instance.
func (p *Platform) prepare(app string, e roll.Entry, argv []string) (prepared, error) {
	fill := placeholders(e)
	a := e.Artefact
	a.Env = append([]release.EnvVar(nil), a.Env...)
	for i := range a.Env {
		a.Env[i].Value = fill.Replace(a.Env[i].Value)
	}
	filled := make([]string, len(argv))
	for i, arg := range argv {
		filled[i] = fill.Replace(arg)
	}
	target := release.Target{Version: e.Version, Side: e.Side, Digest: e.Digest, Artefact: a}
	args, env, secrets, err := p.opt.Errand(app, target, filled)
	if err != nil {
		return prepared{}, err
	}
	env = append(env, "CUTOVER_INSTANCE="+e.ID)
	if e.Component != "" {
		env = append(env, "CUTOVER_COMPONENT="+e.Component)
	}
	if e.Port != 0 {
		env = append(env, "PORT="+strconv.Itoa(e.Port))
	}
	return prepared{args: args, env: env, secrets: secrets, dir: a.Dir}, nil
}

// placeholders are those of a single instance; the others follow from its
// version.
func placeholders(e roll.Entry) *strings.Replacer {
	name := e.Name
	if name == "" {
		name = e.ID
	}
	return strings.NewReplacer(
		"{{instance}}", name,
		"{{component}}", e.Component,
		"{{port}}", strconv.Itoa(e.Port),
		"{{grace}}", strconv.FormatFloat(e.Artefact.Stop.Grace.Seconds(), 'f', -1, 64),
	)
}

// run carries a command out and returns what it printed on standard output. A
// command that has not ended when ctx does is killed with all it started.
func (c prepared) run(ctx context.Context, within time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	out, errs := &bounded{limit: most}, &bounded{limit: most, tail: true}
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = c.dir, c.env, out, errs, letGo
	// A session of its own: what it starts outlives this controller.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = endGroup(cmd)
	err := cmd.Run()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s did not end within %s: %w", c.args[0], within, ctx.Err())
	default:
		return nil, fmt.Errorf("%s: %w%s", c.args[0], err, c.said(errs, out))
	}
	if out.over {
		return nil, fmt.Errorf("%s printed more than %d bytes", c.args[0], most)
	}
	return out.data.Bytes(), nil
}

// said is the last line of what a command wrote, without secrets.
func (c prepared) said(outputs ...*bounded) string {
	for _, b := range outputs {
		text := strings.TrimSpace(b.data.String())
		if text == "" {
			continue
		}
		line := environ.Mask(text[strings.LastIndexByte(text, '\n')+1:], c.secrets...)
		return ": " + printable(line)
	}
	return ""
}

// printable makes foreign text fit to be shown on one line.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > lastWords {
		return string(runes[:lastWords]) + "..."
	}
	return text
}

// bounded keeps the beginning of what is written to it, or the end.
type bounded struct {
	data  bytes.Buffer
	limit int
	tail  bool
	over  bool
}

// Write implements io.Writer. It never fails, so that a command that prints a
// lot is not held up.
func (b *bounded) Write(p []byte) (int, error) {
	b.data.Write(p)
	if surplus := b.data.Len() - b.limit; surplus > 0 {
		b.over = true
		if b.tail {
			b.data.Next(surplus)
		} else {
			b.data.Truncate(b.limit)
		}
	}
	return len(p), nil
}

// endGroup makes a command that is cut off end with all it started.
func endGroup(cmd *exec.Cmd) func() error {
	return func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
