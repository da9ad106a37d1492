package socket

import (
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Root may become anybody, so there the socket is opened to all by its mode, and
// a process of the user nobody calls. Any other user can only see that the
// kernel keeps the rest of the world out.
func TestOnlyItsUserAndRootGetIn(t *testing.T) {
	t.Parallel()
	path := place(t)
	greet(t, open(t, path))
	if got := call(path); got != "hello" {
		t.Errorf("its own user heard %s", got)
	}
	if os.Geteuid() != 0 {
		if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("its mode is %v, %v", info.Mode(), err)
		}
		return
	}
	program := filepath.Join(filepath.Dir(path), "caller")
	copyOf(t, os.Args[0], program)
	for name, mode := range map[string]fs.FileMode{filepath.Dir(path): 0o755, program: 0o755, path: 0o777} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	for who, want := range map[string]string{"root": `"hello"`, "nobody": `""`} {
		cmd := exec.Command(program)
		cmd.Env = []string{callEnv + "=" + path}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential(t, who)}
		cmd.Dir = "/"
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%s heard %s, %v, want %s", who, out, err, want)
		}
	}
}

func open(t *testing.T, path string) net.Listener {
	t.Helper()
	l, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func credential(t *testing.T, name string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
