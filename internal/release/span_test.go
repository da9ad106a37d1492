package release

import (
	"testing"
	"time"
)

func TestASpanIsWrittenAsPeopleDo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 300 * time.Millisecond: "300ms", 10 * time.Second: "10s", time.Minute: "1m", 90 * time.Second: "1m30s",
		10 * time.Minute: "10m", time.Hour: "1h", 24 * time.Hour: "24h", time.Hour + 10*time.Minute: "1h10m",
		time.Hour + time.Second: "1h0m1s", 20 * time.Hour: "20h", 100*time.Second + 0: "1m40s",
	} {
		if got := Span(d); got != want {
			t.Errorf("%s is written %q, want %q", time.Duration(d), got, want)
		}
	}
}
