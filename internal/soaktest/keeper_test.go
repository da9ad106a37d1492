package soaktest

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// keeper has a controller run for as long as it is asked to, as systemd would
// with Restart=always.
type keeper struct {
	*stage
	pid    atomic.Int64
	starts atomic.Int64
	stop   chan struct{}
	done   sync.WaitGroup
}

// restartPause is what lies between the end of a controller and the next.
const restartPause = 200 * time.Millisecond

func (s *stage) keepController() *keeper {
	k := &keeper{stage: s, stop: make(chan struct{})}
	k.done.Go(k.keep)
	return k
}

func (k *keeper) keep() {
	for {
		cmd, err := k.launch()
		if err != nil {
			k.broke("start a controller: %v", err)
			return
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait() // how it ended is read from ProcessState
		}()
		k.pid.Store(int64(cmd.Process.Pid))
		k.starts.Add(1)
		select {
		case <-ended:
			k.note("the controller ended: %v", cmd.ProcessState)
		case <-k.stop:
			k.bowOut(cmd, ended)
			return
		}
		select {
		case <-time.After(restartPause):
		case <-k.stop:
			return
		}
	}
}

func (k *keeper) launch() (*exec.Cmd, error) {
	log, err := os.OpenFile(filepath.Join(k.dir, "control.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(os.Args[0], serveCommand, k.path())
	cmd.Env = k.env()
	cmd.Stdout, cmd.Stderr = log, log
	return cmd, cmd.Start()
}

// bowOut ends the last controller as systemd would, which it must do without
// error.
func (k *keeper) bowOut(cmd *exec.Cmd, ended <-chan struct{}) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			k.broke("the controller ended with %v after SIGTERM", cmd.ProcessState)
		}
	case <-time.After(time.Minute):
		k.broke("the controller lives a minute after SIGTERM")
		_ = cmd.Process.Kill()
		<-ended
	}
}

// end ends the controller for good.
func (k *keeper) end() {
	close(k.stop)
	k.done.Wait()
}
