package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cutover/internal/environ"
	"cutover/internal/logtail"
)

const (
	// keptOutput is how much of what a program says is kept, in bytes.
	keptOutput = 8 << 10
	// outputGrace is how long what a program leaves behind may hold its output.
	outputGrace = 2 * time.Second
)

var versionNumber = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^\s]*)`)

// program is pg_dump or pg_restore in a version that fits.
type program struct {
	path, version string
	major         int
}

// find returns the program for a server of the major version: from the folder
// if one is given, else from where Debian keeps that version, else from the
// PATH. One older than the server is refused: it does not know what is new.
func find(ctx context.Context, name, folder string, server int) (program, error) {
	path, err := locate(name, folder, server)
	if err != nil {
		return program{}, fmt.Errorf("find %s: %w: install the package postgresql-client-%d (Debian, Ubuntu) or postgresql%d (RHEL, Fedora)", name, err, server, server)
	}
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		return program{}, fmt.Errorf("ask %s for its version: %w: %s", path, err, tail(string(out)))
	}
	m := versionNumber.FindSubmatch(out)
	if m == nil {
		return program{}, fmt.Errorf("ask %s for its version: it said %q", path, tail(string(out)))
	}
	p := program{path: path, version: string(m[1])}
	if p.major, err = strconv.Atoi(string(m[2])); err != nil {
		return program{}, fmt.Errorf("read the version of %s: %w", path, err)
	}
	if p.major < server {
		return program{}, fmt.Errorf("%s is version %s, older than the server's %d: install the package postgresql-client-%d", path, p.version, server, server)
	}
	return p, nil
}

func locate(name, folder string, server int) (string, error) {
	if folder != "" {
		return exec.LookPath(filepath.Join(folder, name))
	}
	debian := filepath.Join("/usr/lib/postgresql", strconv.Itoa(server), "bin", name)
	if _, err := os.Stat(debian); err == nil {
		return debian, nil
	}
	return exec.LookPath(name)
}

// run runs the program for a database and waits for its end. Messages do not
// contain the password.
func (p program) run(ctx context.Context, at place, args ...string) error {
	said := logtail.NewEnd(keptOutput)
	cmd := p.command(ctx, at, args...)
	cmd.Stdout, cmd.Stderr = said, said
	return p.explain(ctx, at, cmd.Run(), said)
}

// command returns the program, ready to run for a database.
func (p program) command(ctx context.Context, at place, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, append(args, "--dbname="+at.address, "--no-password")...)
	cmd.Env = append(environ.Base(), "LC_ALL=C", "PGCONNECT_TIMEOUT=30", "PGAPPNAME=cutover backup")
	if at.password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+at.password)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = outputGrace
	return cmd
}

// explain says how the program ended.
func (p program) explain(ctx context.Context, at place, err error, said *logtail.End) error {
	if err == nil {
		return nil
	}
	name := filepath.Base(p.path)
	if ctx.Err() != nil {
		return fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
	}
	text := environ.Mask(tail(said.String()), at.password)
	if strings.Contains(text, syscall.ENOSPC.Error()) || strings.Contains(text, "No space left on device") {
		return fmt.Errorf("%s: the disk is full: %w: make room or choose another folder: %s", name, syscall.ENOSPC, text)
	}
	if text == "" {
		text = "it said nothing"
	}
	return fmt.Errorf("%s: %w: %s", name, err, text)
}

// tail returns output in one line.
func tail(out string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(out, "?"), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// errTimeout is the cause of a context that ended because the folder's time
// for one piece of work is over.
var errTimeout = errors.New("the time for it is over: give it more if the database has grown")
