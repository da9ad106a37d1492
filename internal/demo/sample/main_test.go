package sample_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"cutover/internal/demo/sample"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"shop": func(ctx context.Context) error {
		o, err := sample.FromEnv(os.Getenv)
		if err != nil {
			return err
		}
		o.Listening = func(addr string) { fmt.Println("listening on " + addr) }
		return sample.Run(ctx, o)
	}})
}

// startShop starts a shop as a real process and returns it with its URL.
func startShop(t *testing.T, version string, env ...string) (*testkit.Process, string) {
	t.Helper()
	env = append([]string{"SAMPLE_ADDR=127.0.0.1:0", "SAMPLE_INSTANCE=web-1", "SAMPLE_VERSION=" + version}, env...)
	p := testkit.Start(t, "shop", env...)
	return p, "http://" + p.Line("listening on ")
}
