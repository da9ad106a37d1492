package filling

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pgroll is the program, or why there is none.
type pgroll struct {
	program, absent string
	folder          string
}

const pgrollMigration = `operations:
  - alter_column: {table: t, column: name, type: text, up: "split_part(name, ' ', 1)", down: name}
`

// findPgroll takes the program that is installed, or installs it for this run.
func findPgroll(b *testing.B) *pgroll {
	b.Helper()
	p := &pgroll{folder: b.TempDir()}
	if err := os.WriteFile(filepath.Join(p.folder, "02_first.yaml"), []byte(pgrollMigration), 0o600); err != nil {
		b.Fatal(err)
	}
	if path, err := exec.LookPath("pgroll"); err == nil {
		p.program = path
		return p
	}
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", "github.com/xataio/pgroll@latest")
	// Outside of this module, whose flags are not for it.
	install.Dir = p.folder
	install.Env = append(os.Environ(), "GOBIN="+p.folder, "GOFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		p.absent = fmt.Sprintf("it could not be installed: %v: %s", err, strings.TrimSpace(string(out)))
		return p
	}
	p.program = filepath.Join(p.folder, "pgroll")
	return p
}

// prepare makes a database one that pgroll knows; that is not measured.
func (p *pgroll) prepare(ctx context.Context, dsn string) error {
	if err := p.run(ctx, dsn, "init"); err != nil {
		return err
	}
	return p.run(ctx, dsn, "baseline", "01_ground", p.folder, "--yes")
}

// start expands and fills.
func (p *pgroll) start(ctx context.Context, dsn string) error {
	return p.run(ctx, dsn, "start", filepath.Join(p.folder, "02_first.yaml"))
}

func (p *pgroll) run(ctx context.Context, dsn string, args ...string) error {
	cmd := exec.CommandContext(ctx, p.program, append([]string{"--postgres-url", dsn}, args...)...)
	cmd.Dir = p.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgroll %s: %w: %s", args[0], err, out)
	}
	return nil
}
