package config

import (
	"encoding/json"
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/signal"
)

const watchMisses = "  to: v2\n  signals:\n    watch:\n      - {name: misses, cache: {measure: misses, namespace: data}, per: request, tolerance: 20%, for: 30s, action: pause}\n"

func TestMissesArePlannedWithThePrefixOfEachSide(t *testing.T) {
	t.Parallel()
	p, err := cachePlan(t, cachingBefore(), "  to: v2\n", watchMisses, `format: "3"`, `format: "4"`)
	if err != nil {
		t.Fatal(err)
	}
	var set signal.Set
	if err := json.Unmarshal(p.Signals, &set); err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Fatalf("what is planned is refused where it is used: %v", err)
	}
	s := set.Signals[0]
	if s.Action != signal.AskPerson || !s.ByRequest || s.Shared || s.Shape != signal.Counted {
		t.Errorf("it is planned as %+v", s)
	}
	var place release.CacheSignal
	if err := json.Unmarshal([]byte(s.Source.Place), &place); err != nil || place.Old != "shop:1:" || place.New != "shop:5:" || place.Redis.Address != "127.0.0.1:6379" {
		t.Errorf("it is read at %+v, %v", place, err)
	}
}

func TestMissesOfASharedGenerationAreRefusedSinceNobodyCanTellThemApart(t *testing.T) {
	t.Parallel()
	_, err := cachePlan(t, cachingBefore(), "  to: v2\n", watchMisses+"  cache: {keep: [data]}\n")
	if err == nil || !strings.Contains(err.Error(), "both versions share the generation of data") {
		t.Errorf("%v", err)
	}
	if _, err := cachePlan(t, release.Running{}, "  to: v2\n", watchMisses+"  cache: {keep: [data]}\n"); err != nil {
		t.Errorf("a first release, which is not judged: %v", err)
	}
}

func TestANumberOfTheCacheThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for from, c := range map[string]struct{ to, want string }{
		"namespace: data}":                       {"namespace: dada}", `"dada" is no namespace`},
		", namespace: data}":                     {"}", "no namespace is named"},
		"measure: misses, ":                      {"measure: missed_share, ", "the whole server alone"},
		"measure: misses, namespace: data}, per": {"measure: hits, namespace: data}, per", "not one of the choices"},
		"action: pause}":                         {"role: evidence, action: pause}", "evidence is weighed"},
		"for: 30s":                               {"for: 30s, process: cpu", "more than one place"},
	} {
		if _, err := loadCaching(t, "  to: v2\n", strings.Replace(watchMisses, from, c.to, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
	shared := strings.Replace(strings.Replace(watchMisses, "misses, namespace: data}, per: request", "missed_share}, compare: baseline", 1), "name: misses", "name: missed", 1)
	if _, err := loadCaching(t, "  to: v2\n", shared); err != nil {
		t.Errorf("the server's own count: %v", err)
	}
}
