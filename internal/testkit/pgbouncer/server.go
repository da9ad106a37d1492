// Package pgbouncer starts real PgBouncers for tests.
package pgbouncer

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

// Server is a PgBouncer of one test, which ends with it. Its users postgres,
// stats (who may look), admin (who may command) and stranger have the password
// "geheim", which is asked for only with auth_type plain.
type Server struct {
	// Addr is host:port, Config the file it reads.
	Addr, Config string
	t            testing.TB
	behind       string
}

// Settings are lines of [pgbouncer] that differ from the tests' own.
type Settings map[string]string

// Start starts one before a PostgreSQL, with databases by the names given, each
// for the server's database of the other name.
func Start(t testing.TB, before *postgres.Server, databases map[string]string, s Settings) *Server {
	t.Helper()
	before.NewDatabase(t) // starts the server: only then it has an address
	behind, err := pgx.ParseConfig(before.LoopbackDSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("/tmp", "cutover-pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	b := &Server{Addr: testkit.FreeAddr(t), Config: filepath.Join(folder, "pgbouncer.ini"), t: t, behind: fmt.Sprintf("host=%s port=%d user=postgres", behind.Host, behind.Port)}
	write(t, b.users(), "\"postgres\" \"geheim\"\n\"stats\" \"geheim\"\n\"admin\" \"geheim\"\n\"stranger\" \"geheim\"\n")
	write(t, b.Config, b.Text(databases, s))
	b.start(folder)
	testkit.Await(t, "PgBouncer to listen", func() bool {
		c, err := net.Dial("tcp", b.Addr)
		return err == nil && c.Close() == nil
	})
	return b
}

// Text returns a configuration with such databases and settings.
func (b *Server) Text(databases map[string]string, s Settings) string {
	host, port, _ := net.SplitHostPort(b.Addr)
	all := Settings{"listen_addr": host, "listen_port": port, "unix_socket_dir": "", "auth_type": "trust", "auth_file": b.users(),
		"stats_users": "stats", "admin_users": "admin", "default_pool_size": "2", "pool_mode": "session"}
	maps.Copy(all, s)
	text := "[databases]\n"
	for _, name := range slices.Sorted(maps.Keys(databases)) {
		text += fmt.Sprintf("%s = %s dbname=%s\n", name, b.behind, databases[name])
	}
	text += "[pgbouncer]\n"
	for _, key := range slices.Sorted(maps.Keys(all)) {
		text += fmt.Sprintf("%s = %s\n", key, all[key])
	}
	return text
}

// Console is where a user reaches the console.
func (b *Server) Console(user string) string {
	return "postgres://" + user + "@" + b.Addr + "/pgbouncer?sslmode=disable"
}

// DSN is where a database is reached through PgBouncer.
func (b *Server) DSN(database string) string {
	return "postgres://postgres@" + b.Addr + "/" + database + "?sslmode=disable"
}

func (b *Server) users() string { return filepath.Join(filepath.Dir(b.Config), "users") }

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs PgBouncer, which refuses to run as root.
func (b *Server) start(folder string) {
	b.t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		// Debian keeps it where only root's PATH leads.
		program = "/usr/sbin/pgbouncer"
	}
	cmd := exec.Command(program, b.Config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if os.Getuid() == 0 {
		give(b.t, cmd, folder)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatalf("start PgBouncer: %v; scripts/deps installs it", err)
	}
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b.t.Failed() {
			b.t.Log(out.String())
		}
	})
}

// give hands the folder and the process to the user nobody.
func give(t testing.TB, cmd *exec.Cmd, folder string) {
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
