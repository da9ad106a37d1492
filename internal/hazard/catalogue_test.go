package hazard_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"cutover/internal/hazard"
)

// superset is the catalogue that is part of the profile.
func superset(t *testing.T) hazard.Catalogue {
	t.Helper()
	data, err := os.ReadFile("../../examples/superset/catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := hazard.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// has reports whether revisions have a hazard of a kind.
func has(c hazard.Catalogue, kind hazard.Kind, revisions ...string) bool {
	return slices.ContainsFunc(c.Of(revisions), func(h hazard.Hazard) bool { return h.Kind == kind })
}

func TestTheHopFromFourToFourOneDropsTablesAndTheOneToThreeOneDoesNot(t *testing.T) {
	t.Parallel()
	c := superset(t)
	hop, err := c.Between("4.0.2", "4.1.2")
	if err != nil {
		t.Fatal(err)
	}
	if hop.From != "17fcea065655" || hop.To != "48cbb571fa3a" || len(hop.Revisions) != 22 || !has(c, hazard.Drops, hop.Revisions...) {
		t.Errorf("the hop is %+v", hop)
	}
	for _, h := range c.Hazards {
		if h.Release == "3.1" && (h.Kind == hazard.Drops || h.Kind == hazard.Retypes) {
			t.Errorf("3.1 is the mild one, but %+v", h)
		}
	}
}

func TestAHopOverTwoReleasesHasTheRevisionsOfBothInOrder(t *testing.T) {
	t.Parallel()
	hop, err := superset(t).Between("4.0.1", "5.0.0")
	if err != nil || len(hop.Revisions) != 27 || hop.Revisions[21] != "48cbb571fa3a" || hop.Revisions[26] != hop.To {
		t.Errorf("%+v, %v", hop, err)
	}
	if hop, err = superset(t).Between("4.1.0", "4.1.2"); err != nil || len(hop.Revisions) != 0 || hop.From != hop.To {
		t.Errorf("a patch: %+v, %v", hop, err)
	}
}

func TestAHopThatNobodyKnowsOrThatLeadsBackIsRefused(t *testing.T) {
	t.Parallel()
	for _, hop := range [][2]string{{"4.1.2", "4.0.2"}, {"4.1.2", "4.1.2"}, {"2.1.3", "4.0.2"}, {"4.0.2", "latest"}, {"4.0.2", "4.10.0"}} {
		if got, err := superset(t).Between(hop[0], hop[1]); err == nil {
			t.Errorf("%s to %s: %+v", hop[0], hop[1], got)
		}
	}
}

func TestNamesThatAreGoneAreFoundInCodeAndNotInComments(t *testing.T) {
	t.Parallel()
	c := superset(t)
	const text = "FEATURE_FLAGS = {\n    'KV_STORE': True,  # DASHBOARD_CROSS_FILTERS\n    'DASHBOARD_CROSS_FILTERS_OF_MINE': True,\n}\nSUPERSET_FEATURE_CLIENT_CACHE=true\n"
	for version, want := range map[string]string{"4.1.2": "CLIENT_CACHE:5", "5.0.0rc2": "KV_STORE:2 CLIENT_CACHE:5", "3.1.0": "", "latest": ""} {
		var got []string
		for _, g := range c.GoneFrom(text, version) {
			got = append(got, g.Name+":"+string(rune('0'+g.Line)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: found %q, want %q", version, got, want)
		}
	}
}

func TestACatalogueThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"not JSON":       "app: x",
		"unknown key":    `{"app": "x", "colour": 1}`,
		"no version":     `{"releases": [{"version": "new", "head": "a"}]}`,
		"wrong order":    `{"releases": [{"version": "4.10", "head": "a"}, {"version": "4.9", "head": "b"}]}`,
		"another head":   `{"releases": [{"version": "4.0", "head": "a", "revisions": ["b"]}]}`,
		"unknown hazard": `{"hazards": [{"revision": "a", "hazard": "burns", "what": "w", "why": "y"}]}`,
		"no reason":      `{"hazards": [{"revision": "a", "hazard": "drops", "what": "w"}]}`,
		"no names":       `{"removed": [{"version": "4.0", "kind": "flag", "names": []}]}`,
		"two documents":  `{} {}`,
	} {
		if _, err := hazard.Read([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
