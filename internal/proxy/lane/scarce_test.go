package lane

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnOutageDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := scarce{log: slog.New(slog.NewTextHandler(&out, nil)), every: time.Second}
		for range 100 {
			s.warn("request lost")
		}
		<-time.After(time.Second)
		s.warn("request lost")
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[1], "omitted=99") {
			t.Errorf("logged %q", lines)
		}
	})
}
