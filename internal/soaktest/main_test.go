package soaktest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/cli"
	"cutover/internal/demo/sample"
	"cutover/internal/store"
	"cutover/internal/testkit/fault"
)

// The programs that this test binary can be, besides those of cutover itself.
const (
	serveCommand = "serve-spoilt"
	shopCommand  = "shop-spoilt"
	thiefCommand = "thief"
)

// The environment of every process of a stage.
const (
	// markVariable marks it: "PID/NAME", the test's process and the stage.
	markVariable = "SOAKTEST_OF"
	// dialsVariable is the folder with the dials of the faults.
	dialsVariable = "SOAKTEST_DIALS"
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		os.Exit(m.Run())
	}
	go endWithTest()
	var err error
	switch os.Args[1] {
	case serveCommand:
		err = serveSpoilt(os.Args[2])
	case shopCommand:
		err = runShop()
	case thiefCommand:
		err = steal(os.Args[2])
	default:
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// endWithTest ends this process when the test that it is part of was ended in
// a way that left it no time to tidy up.
func endWithTest() {
	mark, _, _ := strings.Cut(os.Getenv(markVariable), "/")
	test, err := strconv.Atoi(mark)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s does not name the test: %v\n", markVariable, err)
		os.Exit(2)
	}
	for range time.Tick(time.Second) {
		if syscall.Kill(test, 0) == syscall.ESRCH {
			os.Exit(3)
		}
	}
}

// The dials that the controller and the instances look at.
func clockDial() fault.Clock { return fault.Clock{Path: dial("clock")} }
func diskDial() fault.Drag   { return fault.Drag{Path: dial("disk")} }
func portDial() string       { return dial("port") }
func dial(name string) string {
	return filepath.Join(os.Getenv(dialsVariable), name)
}

// serveSpoilt is `cutover serve` with a clock that jumps and a journal on a
// slow disk.
func serveSpoilt(state string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return cli.Serve(ctx, cli.ControlOptions{
		State: state, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Now: clockDial().Now,
		WrapJournal: func(j store.Journal) store.Journal { return slowed{j, diskDial()} },
	})
}

// slowed is a journal on a disk that may be slow.
type slowed struct {
	store.Journal
	disk fault.Drag
}

// Append implements store.Journal.
func (s slowed) Append(ctx context.Context, lease store.Lease, after int64, records []store.Record, states []store.State) (store.Head, error) {
	s.disk.Wait(ctx)
	return s.Journal.Append(ctx, lease, after, records, states)
}

// runShop is one instance of the sample, with moods.
func runShop() error {
	moody := fault.Moody{Dir: os.Getenv(dialsVariable), ID: os.Getenv("CUTOVER_INSTANCE"), Probe: "/health"}
	addr := "127.0.0.1:" + os.Getenv("PORT")
	env := map[string]string{"SAMPLE_ADDR": addr, "SAMPLE_VERSION": os.Getenv("CUTOVER_VERSION"), "SAMPLE_INSTANCE": moody.ID}
	o, err := sample.FromEnv(func(name string) string {
		if v, ok := env[name]; ok {
			return v
		}
		return os.Getenv(name)
	})
	if err != nil {
		return err
	}
	o.Wrap = moody.Wrap
	if err := robbed(addr); err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	term := make(chan os.Signal, 8)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		for range term {
			if !moody.Ignores() {
				end()
			}
		}
	}()
	if err := sample.Run(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// robbed has a thief, a process of its own, take the port right before this
// instance would, if the dial says so. It takes one port for each strike.
func robbed(addr string) error {
	if os.Remove(portDial()) != nil {
		return nil
	}
	cmd := exec.Command(os.Args[0], thiefCommand, addr)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// The thief's line says that the port is his.
	_, err = out.Read(make([]byte, 1))
	return err
}

// theft is how long a port stays stolen.
const theft = 3 * time.Second

func steal(addr string) error {
	give, err := fault.StolenPort{Addr: addr}.Inject(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("stolen")
	<-time.After(theft)
	return give()
}
