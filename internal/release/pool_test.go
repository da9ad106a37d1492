package release

import (
	"strings"
	"testing"
)

func TestBothVersionsTogetherHaveToFitTheConnections(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 3)
	p.Companions = []Companion{
		{Name: "beat", Replicas: 1, Overlap: Never, From: p.From, To: p.To},
		{Name: "mailer", Replicas: 2, Overlap: Together, From: p.From, To: p.To},
	}
	if err := p.FitsIn(Room{}); err != nil {
		t.Errorf("a plan without a pool: %v", err)
	}
	p.Database.Pool = Pool{PerInstance: 10, Reserve: 5}
	// 3 + 1 + 2 old and 3 + 2 new ones.
	if err := p.FitsIn(Room{Max: 120, Kept: 3, Others: 2}); err != nil {
		t.Errorf("115 are needed and there are 115: %v", err)
	}
	err := p.FitsIn(Room{Max: 120, Kept: 3, Others: 3})
	if err == nil || !strings.Contains(err.Error(), "(6 old + 5 new instances) x 10 + 5 in reserve = 115, and there are 114") {
		t.Errorf("one too few: %v", err)
	}
	p.Strategy, p.Companions, p.Rolling.Parallelism = RollingUpdate, nil, 2
	if old, fresh := p.Instances(); old+fresh != 5 {
		t.Errorf("a rolling update has %d + %d instances at once", old, fresh)
	}
}
