package api

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/testkit"
)

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := newSocket(t)
	l, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("its mode is %v (%v)", info.Mode(), err)
	}
}

func TestASocketThatIsInUseIsAnErrorAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	if _, err := Listen(d.socket, nil); err == nil || !strings.Contains(err.Error(), "another controller answers there") {
		t.Errorf("listening beside another was answered %v", err)
	}
	if info, err := d.Info(t.Context()); err != nil || !info.Leading {
		t.Errorf("the first answers %+v (%v)", info, err)
	}
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	path := newSocket(t)
	old, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	// Like one whose process was killed: the file stays, nobody answers.
	old.(*net.UnixListener).SetUnlinkOnClose(false)
	old.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("nobody answers: %v", err)
	}
	c.Close()
}

func TestWhatIsNotASocketIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, folder, link := filepath.Join(dir, "file"), filepath.Join(dir, "folder"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, folder, link} {
		if err := makeWay(path); err == nil || !strings.Contains(err.Error(), "not a socket") {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("it was removed: %v", err)
		}
	}
}

func TestAPathThatIsTooLongForASocketIsSaidToBe(t *testing.T) {
	t.Parallel()
	if _, err := Listen("/tmp/"+strings.Repeat("x", 100), nil); err == nil || !strings.Contains(err.Error(), "--state") {
		t.Errorf("it was answered %v", err)
	}
	if _, err := Listen("/no/such/folder/s", nil); err == nil {
		t.Error("a folder that is not there was no error")
	}
}

func TestASocketThatWasRemovedIsBackSoon(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	if err := os.Remove(d.socket); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the controller to be reached again", func() bool {
		info, err := d.Info(t.Context())
		return err == nil && info.Leading
	})
}
