package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A test may start this program again to be a process of its own: role says
// which, victim which journal it works on.
const (
	role   = "CUTOVER_TEST_ROLE"
	victim = "CUTOVER_TEST_VICTIM"
)

var roles = map[string]func(path string) error{
	"append": appendForEver, "small files": appendToSmallFiles, "hold": holdLocked, "nobody": openAsNobody,
}

func TestMain(m *testing.M) {
	if play := roles[os.Getenv(role)]; play != nil {
		fmt.Fprintln(os.Stderr, play(os.Getenv(victim)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func asChild(name, path string) []string {
	return append(os.Environ(), role+"="+name, victim+"="+path)
}

// child starts this program in a role and returns what it says, line by line.
// It ends with the test, or when stop is called.
func child(t *testing.T, name, path string) (lines *bufio.Scanner, stop func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = asChild(name, path)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(out), func() string {
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // it ends with 1 and says why
		return complaint.String()
	}
}

// appendToSmallFiles appends until the kernel refuses to let a file grow, and
// says how far it came and why it ended.
func appendToSmallFiles(path string) error {
	// Without this the kernel's signal would end the process before the error.
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return appendForEver(path)
}

// holdLocked keeps the write lock until its input ends.
func holdLocked(path string) error {
	db, err := openWriter(path, time.Second)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// openAsNobody gives up root's rights, if it has them, so that permissions
// hold, and opens the journal to write.
func openAsNobody(path string) error {
	const nobody = 65534
	if os.Geteuid() == 0 {
		if err := syscall.Setgroups(nil); err != nil {
			return err
		}
		if err := syscall.Setgid(nobody); err != nil {
			return err
		}
		if err := syscall.Setuid(nobody); err != nil {
			return err
		}
	}
	j, err := Open(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	return j.Close()
}
