package release

import "testing"

func TestAMigrationThatStoppedOnItsWayIsTakenBackToo(t *testing.T) {
	t.Parallel()
	p := shopPlan(BlueGreen, 1)
	p.Schema = Schema{Expand: true, Native: Native{Upgrade: []string{"up"}, Downgrade: []string{"down"}, Head: []string{"head"}, From: "a", To: "c", Revisions: []string{"b", "c"}}}
	s, err := folded(p, Entered{Phase: Expanding})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   SchemaWorld
		back bool
	}{{SchemaWorld{Known: true, Partly: true}, false}, {SchemaWorld{Known: true, Expanded: true}, false}, {SchemaWorld{Known: true}, true}} {
		d := decider{p: &s.Plan, s: &s, w: &World{Schema: c.at}}
		if back := d.schemaBack(); back != c.back {
			t.Errorf("%+v: back is %t", c.at, back)
		}
	}
}
