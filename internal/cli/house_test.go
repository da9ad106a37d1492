package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/testkit"
)

// house is where one test lives: a state folder, a home, an address for users.
// Whatever runs in it carries its home in the environment and can be found by
// that. When the test ends the house is taken down, and nothing may be left.
type house struct {
	t      testing.TB
	state  string
	home   string
	listen string
	// more is environment of its own, umask how its commands make files, if set.
	more  []string
	umask string
	// path comes before the PATH of this test, if set.
	path string
	// repository is the folder with cutover's sources.
	repository string
}

// patience bounds every wait. It matters only when something is broken.
const patience = 5 * time.Minute

// newHouse makes a house with the shop's files in it. It is left when the test
// ends.
func newHouse(t testing.TB) *house {
	t.Helper()
	h := settle(t, t.TempDir())
	t.Cleanup(h.leave)
	return h
}

// settle makes a house in a folder, without a state folder yet. The path of
// that is short, for the sockets in it.
func settle(t testing.TB, home string) *house {
	t.Helper()
	base, err := os.MkdirTemp("/tmp", "cut")
	if err != nil {
		t.Fatal(err)
	}
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, state: filepath.Join(base, "s"), home: home, listen: testkit.FreeAddr(t), repository: repository}
	shop, err := filepath.Glob("testdata/shop/*.yaml")
	if err != nil || len(shop) == 0 {
		t.Fatalf("find the shop's files: %v", err)
	}
	for _, path := range shop {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		h.write(filepath.Base(path), string(text))
	}
	return h
}

// env is the environment of everything that runs in the house.
func (h *house) env() []string {
	return append(h.more[:len(h.more):len(h.more)], []string{
		"HOME=" + h.home, "CUTOVER_STATE=" + h.state, "PATH=" + h.path + os.Getenv("PATH"), "LISTEN=" + h.listen, "SHOP=" + program(h.t, "cutover"),
		"MIRROR=" + program(h.t, "mirror"), "SHAKY=" + program(h.t, "shaky"), "CLOSED=" + closedWindow(time.Now()), "GORACE=atexit_sleep_ms=0", "LANG=C.UTF-8", "TZ=UTC", "TELLER=" + program(h.t, "teller"),
	}...)
}

// program returns the path of one of the programs this test binary can be.
func program(t testing.TB, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// closedWindow is a weekly span that is days away, whenever the test runs.
func closedWindow(now time.Time) string {
	return now.UTC().AddDate(0, 0, 3).Format("Mon") + " 02:00-03:00 UTC"
}

// write puts a file into the home, with ${LISTEN}, ${SHOP} and so on replaced.
func (h *house) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.home, name)
	if err := os.WriteFile(path, []byte(h.fill(text)), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// fill replaces ${NAME} by what the house's environment says.
func (h *house) fill(text string) string {
	for _, v := range h.env() {
		name, value, _ := strings.Cut(v, "=")
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return text
}

// command prepares a run of cutover in the house.
func (h *house) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program(h.t, "cutover"), args...)
	if h.umask != "" {
		cmd = exec.Command("sh", append([]string{"-c", `umask "$0"; exec "$@"`, h.umask, program(h.t, "cutover")}, args...)...)
	}
	cmd.Dir, cmd.Env = h.home, h.env()
	return cmd
}

// run runs cutover and returns its exit code and all it wrote.
func (h *house) run(args ...string) (int, string) {
	var out bytes.Buffer
	cmd := h.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// must runs cutover and demands an exit code.
func (h *house) must(code int, args ...string) string {
	h.t.Helper()
	got, out := h.run(args...)
	if got != code {
		h.t.Fatalf("cutover %s: exit code %d, want %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	return out
}

func (h *house) client() *api.Client { return api.NewClient(filepath.Join(h.state, "control.sock")) }

// await polls until done reports true.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	if !within(patience, done) {
		t.Fatalf("waited %s in vain: %s", patience, what)
	}
}

// within polls until done reports true, and returns false if it does not in
// that time.
func within(limit time.Duration, done func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(limit); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
	return true
}

// leave takes the house down and demands that nothing is left, and that no
// process has said what a healthy one never says.
func (h *house) leave() {
	if h.t.Failed() {
		h.t.Logf("the controller's log:\n%s", tail(filepath.Join(h.state, "serve.log")))
	}
	h.takeDown()
	if !within(patience, func() bool { return len(h.processes()) == 0 }) {
		for _, p := range h.processes() {
			h.t.Errorf("process %d is left: %s", p.pid, p.line)
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
	for _, log := range h.logs() {
		h.complaint(log)
	}
	if err := os.RemoveAll(filepath.Dir(h.state)); err != nil {
		h.t.Errorf("remove the state folder: %v", err)
	}
}

func (h *house) takeDown() {
	if _, err := os.Stat(h.state); err != nil {
		return
	}
	if err := os.Chmod(h.state, 0o700); err != nil {
		h.t.Error(err)
	}
	if code, out := h.run("down", "--yes"); code != 0 {
		h.t.Errorf("cutover down: exit code %d: %s", code, out)
	}
}

// complaint fails the test if a log tells of a data race or a panic.
func (h *house) complaint(log string) {
	text, err := os.ReadFile(log)
	if err != nil {
		h.t.Error(err)
	}
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if at := strings.Index(string(text), bad); at >= 0 {
			h.t.Errorf("%s says: %s", log, text[at:min(at+4000, len(text))])
		}
	}
}

// logs lists what the processes of the house have written.
func (h *house) logs() []string {
	var logs []string
	for _, pattern := range []string{"*.log", "*/*.log", "*/*/*.log", "*/*/*/*.log"} {
		found, err := filepath.Glob(filepath.Join(h.state, pattern))
		if err != nil {
			h.t.Error(err)
		}
		logs = append(logs, found...)
	}
	return logs
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(len(text)-6000, 0):])
}

// running is a process of the house.
type running struct {
	pid  int
	line string
	env  string
}

// instance reports whether it is an instance of an app.
func (r running) instance() bool { return strings.Contains(r.env, "\x00CUTOVER_INSTANCE=") }

// is reports whether it runs that command of cutover.
func (r running) is(command string) bool {
	return !r.instance() && strings.Contains(r.line, " "+command+" ")
}

// processes finds everything that runs in the house.
func (h *house) processes() []running {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		h.t.Errorf("list processes: %v", err)
	}
	var list []running
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || !strings.Contains("\x00"+string(env), "\x00HOME="+h.home+"\x00") {
			continue
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil {
			list = append(list, running{pid, strings.ReplaceAll(string(line), "\x00", " "), "\x00" + string(env)})
		}
	}
	return list
}

// instances lists the instances that run in the house.
func (h *house) instances() []running {
	var list []running
	for _, p := range h.processes() {
		if p.instance() {
			list = append(list, p)
		}
	}
	return list
}
