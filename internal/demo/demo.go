package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

// demo is one run.
type demo struct {
	Options
	listen  string
	client  *api.Client
	control *control
	began   time.Time
	after   int64
	written addresses
}

// cleanWithin bounds how long the demo may take to clean up after itself.
const cleanWithin = 30 * time.Second

// Run plays the three acts and returns what it measured. An error means that
// the demo could not be carried out; a demo that went wrong is a result.
func Run(ctx context.Context, o Options) (result Result, err error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	d := &demo{Options: o, began: time.Now()}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanWithin)
		defer cancel()
		if e := d.Down(clean); err == nil && e != nil {
			err = fmt.Errorf("clean up: %w", e)
		}
	}()
	if err := d.setUp(ctx); err != nil {
		return result, err
	}
	for _, play := range []func(context.Context) (Act, error){d.upgrade, d.badVersion, d.standbyRollback} {
		a, err := play(ctx)
		result.Acts = append(result.Acts, a)
		if err != nil {
			result.Seconds = time.Since(d.began).Seconds()
			return result, fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	result.Seconds = time.Since(d.began).Seconds()
	result.conclude()
	if o.Hold {
		result.Summary(o.Out)
		d.hold(ctx)
	}
	return result, nil
}

func (d *demo) state() string                { return filepath.Join(d.Dir, "state") }
func (d *demo) stateFile(name string) string { return filepath.Join(d.state(), name) }

// say tells the story, with the seconds since the beginning.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.Out, "%6.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// setUp starts the control plane and brings version v1 up as the first release.
func (d *demo) setUp(ctx context.Context) error {
	if err := os.MkdirAll(d.state(), 0o700); err != nil {
		return fmt.Errorf("create the demo's folder: %w", err)
	}
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	d.listen, d.client = addr, api.NewClient(d.stateFile("control.sock"))
	if err := d.writeApp(); err != nil {
		return err
	}
	d.say("a small shop, version v1, on http://%s, as two processes behind cutover's data plane", d.listen)
	if err := d.startControl(ctx); err != nil {
		return err
	}
	if err := d.deploy(ctx, "v1"); err != nil {
		return err
	}
	return d.reach(ctx, "v1", "done", func(v api.View) bool { return v.State.Phase == release.Done })
}

// freeAddress finds a loopback address nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free address: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func name(version string) string { return "shop-" + version }

// deploy begins the release of a version.
func (d *demo) deploy(ctx context.Context, version string) error {
	path, err := d.writeRelease(version)
	if err != nil {
		return err
	}
	got, err := d.client.Deploy(ctx, api.Files{Paths: []string{d.file("app"), path}})
	if err != nil {
		return fmt.Errorf("deploy %s: %w", version, err)
	}
	d.after = got.After
	return nil
}

func (d *demo) ask(ctx context.Context, version string, verb release.Verb, why string) error {
	if _, err := d.client.Request(ctx, name(version), verb, why); err != nil {
		return fmt.Errorf("%s %s: %w", verb, version, err)
	}
	return nil
}

// reachWithin bounds how long one stage of the demo may take.
const reachWithin = 5 * time.Minute

// reach waits until a release looks as it should, telling what happens.
func (d *demo) reach(ctx context.Context, version, what string, there func(api.View) bool) error {
	return d.until(ctx, reachWithin, name(version)+" is "+what, func() (bool, error) {
		if err := d.tell(ctx, version); err != nil {
			return false, err
		}
		v, err := d.client.View(ctx, name(version))
		if err != nil {
			return false, fmt.Errorf("look at %s: %w", version, err)
		}
		if v.State.Phase.Ended() && !there(v) {
			return false, fmt.Errorf("%s ended as %s: %s", version, v.State.Phase, v.State.Reason)
		}
		if there(v) {
			return true, d.tell(ctx, version)
		}
		return false, nil
	})
}

// tell prints the events worth telling that have happened since.
func (d *demo) tell(ctx context.Context, version string) error {
	lines, err := d.client.Lines(ctx, d.after, "", name(version), 0)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	for _, l := range lines {
		d.after = l.Seq
		switch l.Type {
		case "entered", "halted", "noticed", "ended", "requested":
			d.say("   %s", l.Text)
		}
	}
	return nil
}

// hold keeps everything running until ctx ends, with one more version to play
// with.
func (d *demo) hold(ctx context.Context) {
	next, err := d.writeRelease("v5")
	if err != nil {
		d.say("%v", err)
		return
	}
	fmt.Fprintf(d.Out, "\nstill running, until Ctrl-C; in another terminal:\n  export CUTOVER_STATE=%s\n  curl -i http://%s/\n  %s status\n  %s history\n  %s deploy -f %s -f %s\n",
		d.state(), d.listen, d.Executable, d.Executable, d.Executable, d.file("app"), next)
	<-ctx.Done()
}
