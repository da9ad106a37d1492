package hook

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cutover/internal/environ"
	"cutover/internal/logtail"
	"cutover/internal/release"
)

// outputGrace is how long what a program leaves running may hold its output
// open.
const outputGrace = time.Second

// execute tells an app by running a program in a process group of its own. Exit
// code 0 means that it has heard.
func execute(ctx context.Context, o release.FlagOrder) error {
	fill, spec := filled(o), o.Flag.Command
	args := make([]string, len(spec.Args))
	for i, a := range spec.Args {
		args[i] = fill.Replace(a)
	}
	if err := executable(release.FlagCommand{Args: args, Dir: spec.Dir}); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	out := logtail.NewEnd(maxWords)
	cmd.Dir, cmd.Stdout, cmd.Stderr = spec.Dir, out, out
	cmd.Env = append(environ.Base(), "CUTOVER_APP="+o.App, "CUTOVER_FLAG="+o.Flag.Name, "CUTOVER_FLAG_STATE="+release.OnOff(!o.On),
		"CUTOVER_FLAG_ENABLED="+strconv.FormatBool(o.On), "CUTOVER_KEY="+o.Key,
		"CUTOVER_FLAG_VERSION="+o.Only.Version, "CUTOVER_FLAG_COMPONENT="+o.Only.Component)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = outputGrace
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", args[0], err)
	}
	err := cmd.Wait()
	// What it left running in its group has no business after its answer. That
	// there is nothing left is as it should be.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	switch {
	case ctx.Err() != nil && err != nil:
		return fmt.Errorf("%s had not ended in time and was killed: %w", args[0], ctx.Err())
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return nil
	}
	return fmt.Errorf("%s ended with %s, %s: mend the program, or the hook in spec.flags", args[0], cmd.ProcessState, words(environ.Mask(out.String())))
}

// executable says why the program could not be run here.
func executable(c release.FlagCommand) error {
	if len(c.Args) == 0 {
		return errors.New("its command names no program: correct it in spec.flags")
	}
	name := c.Args[0]
	if strings.Contains(name, "{{") {
		return nil // it is known when it runs
	}
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		name = filepath.Join(c.Dir, name)
	}
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("find the program: %w: install it, or write its full path", err)
	}
	return nil
}
