package sqlite_test
import "context"
func writeUntilToldToEnd(ctx context.Context) error { return nil }
func upgradeUntilKilled(ctx context.Context) error { return nil }
