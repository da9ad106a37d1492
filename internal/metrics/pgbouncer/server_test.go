package pgbouncer_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/testkit"
	testpostgres "cutover/internal/testkit/postgres"
)

var pg testpostgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

// bouncer starts a real PgBouncer before the tests' PostgreSQL with pools of
// two connections for the databases shop-1 and shop-2, and returns its
// host:port.
func bouncer(t *testing.T) string {
	t.Helper()
	pg.NewDatabase(t) // starts the server: only then it has an address
	behind, err := pgx.ParseConfig(pg.LoopbackDSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("/tmp", "cutover-pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	addr := testkit.FreeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	config := filepath.Join(folder, "pgbouncer.ini")
	write(t, filepath.Join(folder, "users"), "\"postgres\" \"\"\n\"stats\" \"\"\n")
	at := fmt.Sprintf("host=%s port=%d dbname=postgres user=postgres", behind.Host, behind.Port)
	write(t, config, fmt.Sprintf(`[databases]
shop-1 = %s
shop-2 = %s
[pgbouncer]
listen_addr = %s
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = %s
stats_users = stats
default_pool_size = 2
pool_mode = session
`, at, at, host, port, filepath.Join(folder, "users")))
	start(t, folder, config)
	testkit.Await(t, "PgBouncer to listen", func() bool {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
	return addr
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs PgBouncer, which refuses to run as root.
func start(t *testing.T, folder, config string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		// Debian keeps it where only root's PATH leads.
		program = "/usr/sbin/pgbouncer"
	}
	cmd := exec.Command(program, config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if os.Getuid() == 0 {
		give(t, cmd, folder)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start PgBouncer: %v; scripts/deps installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
}

// give hands the folder and the process to the user nobody.
func give(t *testing.T, cmd *exec.Cmd, folder string) {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Chown(filepath.Join(folder, f.Name()), uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(folder, uid, gid); err != nil {
		t.Fatal(err)
	}
}
