package rehearsal_test

import (
	"context"
	"os"
	"testing"

	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/testkit"
)

// rehearseUntilKilled is a process that rehearses something endless.
func rehearseUntilKilled(ctx context.Context) error {
	_, err := rehearsal.Run(ctx, rehearsal.Plan{
		Origin: rehearsal.Origin{Production: backup.Source{URL: os.Getenv("TEST_DSN")}},
		Steps: []rehearsal.Step{{Name: "endless", Run: func(ctx context.Context, clone backup.Source) (string, error) {
			name, err := clone.Name()
			if err != nil {
				return "", err
			}
			conn, err := clone.Connect(ctx)
			if err != nil {
				return "", err
			}
			if _, err := conn.Exec(ctx, "BEGIN; LOCK TABLE users"); err != nil {
				return "", err
			}
			if _, err := os.Stdout.WriteString("on " + name + "\n"); err != nil {
				return "", err
			}
			<-ctx.Done()
			return "", ctx.Err()
		}}},
	})
	return err
}

func TestWhatAKilledRehearsalLeavesTheNextOneDrops(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	p := testkit.Start(t, "rehearse", "TEST_DSN="+dsn)
	clone := p.Line("on ")
	if databases(t, clone) != 1 {
		t.Fatalf("there is no %s", clone)
	}
	server := backup.Source{URL: pg.DSN("postgres")}
	if _, err := rehearsal.Sweep(within(t), server); err != nil || databases(t, clone) != 1 {
		t.Fatalf("a clone in use was dropped: %v", err)
	}
	p.Kill()
	testkit.Await(t, "the server to notice and the clone to go", func() bool {
		rehearse(t, plan(t, dsn, "SELECT 1"))
		return databases(t, clone) == 0
	})
}

func TestARehearsalThatIsCancelledDropsItsClone(t *testing.T) {
	t.Parallel()
	dsn := database(t, shop)
	ctx, cancel := context.WithCancel(within(t))
	var clone string
	_, err := rehearsal.Run(ctx, rehearsal.Plan{
		Origin: rehearsal.Origin{Production: backup.Source{URL: dsn}},
		Steps: []rehearsal.Step{{Name: "cancelled", Run: func(ctx context.Context, s backup.Source) (string, error) {
			name, err := s.Name()
			clone = name
			cancel()
			<-ctx.Done()
			return "", err
		}}},
	})
	if err == nil || clone == "" || databases(t, clone) != 0 {
		t.Errorf("%v; and the clone %q is still there", err, clone)
	}
}
