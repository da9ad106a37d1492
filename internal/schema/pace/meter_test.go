package pace_test

import (
	"math"
	"testing"
	"time"

	"cutover/internal/schema/pace"
)

func TestAMeterTellsTheRateAndTheTimeThatIsLeft(t *testing.T) {
	var m pace.Meter
	if m.Rows() != 0 || m.Left(10) != 0 {
		t.Error("it knows something before anything has happened")
	}
	now := time.Unix(1e9, 0)
	m.Add(now, 0, 0)
	for range 100 {
		now = now.Add(time.Second)
		m.Add(now, 5, 300)
	}
	if got := m.Rows(); math.Abs(got-300) > 1 {
		t.Errorf("%f rows per second, want 300", got)
	}
	if got := m.Left(1000); math.Abs(got-200) > 1 {
		t.Errorf("%f seconds left, want 200", got)
	}
	if m.Left(0) != 0 {
		t.Errorf("%f seconds left of nothing", m.Left(0))
	}
	now = now.Add(time.Minute)
	m.Add(now, 0, 0)
	if got := m.Left(1000); got < 500 {
		t.Errorf("after a minute's pause %f seconds are left, as if nothing had happened", got)
	}
}
