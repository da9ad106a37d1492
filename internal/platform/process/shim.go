package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"cutover/internal/durable"
)

// reportFD is where a shim tells its controller why the program did not
// start. It is closed by exec, so silence means that the program runs.
const reportFD = 3

// shimWait is how long a shim waits for the slot's lock.
const shimWait = 10 * time.Second

// The exit codes of a shim.
const (
	exitUsage   = 2
	exitRefused = 3
	exitNoExec  = 126
)

// outcome is what a shim reports.
type outcome struct {
	// Running says that the slot has a running process already.
	Running bool   `json:"running,omitempty"`
	Error   string `json:"error,omitempty"`
}

// RunShim makes this process the program of a slot: it takes the slot's lock,
// records itself and executes the program in its own place. It returns only
// if that did not happen, with the exit code for the process. The arguments
// are those a Platform passes after Options.ShimArgs; nobody else should.
func RunShim(args []string) int {
	if len(args) < 4 {
		fmt.Fprintln(os.Stderr, "this command is how cutover starts instances; it is not for use by hand")
		return exitUsage
	}
	syscall.CloseOnExec(reportFD)
	report := os.NewFile(reportFD, "report")
	code, said := becomeProgram(args[0], args[1], args[2], args[3:])
	if said.Error != "" {
		fmt.Fprintln(os.Stderr, "cutover:", said.Error)
	}
	// A controller that is gone cannot be told; the record tells the next one.
	_ = json.NewEncoder(report).Encode(said)
	return code
}

func becomeProgram(folder, launch, path string, argv []string) (int, outcome) {
	var run slotRun
	if err := json.Unmarshal([]byte(launch), &run); err != nil {
		return exitUsage, outcome{Error: "read the launch: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), shimWait)
	defer cancel()
	s := slot{folder: folder}
	lock, err := durable.TakeLock(ctx, s.lockFile(), 0)
	if err != nil {
		return exitRefused, outcome{Error: "take the slot: " + err.Error()}
	}
	defer lock.Release()
	switch running, err := s.occupied(); {
	case err != nil:
		return exitRefused, outcome{Error: err.Error()}
	case running:
		return exitRefused, outcome{Running: true}
	}
	run.identity, err = self()
	if err == nil {
		err = durable.WriteRecord(s.runFile(), run)
	}
	if err != nil {
		return exitRefused, outcome{Error: "record the launch: " + err.Error()}
	}
	if run.Umask != nil {
		syscall.Umask(*run.Umask)
	}
	// Exec closes the lock, which has done its work: from here on the record
	// names a process that runs, and whoever takes the lock next reads it.
	err = syscall.Exec(path, argv, os.Environ())
	return exitNoExec, outcome{Error: explainExec(path, err)}
}

// occupied reports whether a process runs in the slot. A slot that is being
// stopped is an error: nothing may start there. The caller has the lock.
func (s slot) occupied() (bool, error) {
	_, stopping, err := s.stopping()
	if err != nil {
		return false, err
	}
	if stopping {
		return false, errors.New("the instance is being stopped")
	}
	run, _, err := s.run()
	if err != nil {
		return false, err
	}
	return run.runs()
}

func explainExec(path string, err error) string {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Sprintf("execute %s: %v: it is not a program for this machine, or a script without a #! line", path, err)
	case errors.Is(err, syscall.ENOENT):
		return fmt.Sprintf("execute %s: %v: it is gone, or the interpreter it names is missing", path, err)
	}
	return fmt.Sprintf("execute %s: %v", path, err)
}
