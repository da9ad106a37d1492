package shadow

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func sample(endpoint, first, again, green string) Sample {
	b := answer(again)
	return Sample{Endpoint: endpoint, First: answer(first), Again: &b, Green: answer(green)}
}

func TestTheReportCountsAndNamesTheDifference(t *testing.T) {
	t.Parallel()
	j := NewJudge(Settings{})
	for k := range 100 {
		green := `{"price":1}`
		if k%5 == 0 {
			green = `{"price":"1"}`
		}
		j.Take(sample("GET /api/items", `{"price":1}`, `{"price":1}`, green))
	}
	r := j.Report()
	if r.Samples != 100 || r.Endpoints != 1 || r.Alarms != 1 || len(r.Differences) != 1 {
		t.Fatalf("got %+v", r)
	}
	d := r.Differences[0]
	want := "20 of 100 answers differ at GET /api/items $.price: another type, text instead of number (the old version with itself: 0; p < 0.0001)"
	if d.P > 0.001 || d.String() != want {
		t.Errorf("got %s, p %g", d, d.P)
	}
}

func TestWhatIsIgnoredDoesNotCount(t *testing.T) {
	t.Parallel()
	for rule, hits := range map[string]bool{
		"$.host": true, "GET /a $.host": true, "GET /b $.host": false, "$.ho*": true, "$.h": false, "GET /a *": true,
	} {
		f := Settings{Ignore: []string{rule}}.Compare(sample("GET /a", `{"host":1}`, `{"host":1}`, `{"host":2}`))
		if got := len(f.green) == 0; got != hits {
			t.Errorf("%q: ignored is %v", rule, got)
		}
	}
}

func TestARareDifferenceStaysBelowTheTolerance(t *testing.T) {
	t.Parallel()
	j := NewJudge(Settings{Tolerance: 0.01})
	for k := range 4000 {
		green := `1`
		if k%200 == 0 { // 0.5 %
			green = `2`
		}
		j.Take(sample("GET /", `1`, `1`, green))
	}
	if r := j.Report(); r.Alarms != 0 || r.Differences[0].P > 0.01 {
		t.Errorf("got %v", r)
	}
}

func TestWithoutASecondAnswerNothingIsHeldAgainstGreen(t *testing.T) {
	t.Parallel()
	j := NewJudge(Settings{})
	for range 500 {
		j.Take(Sample{Endpoint: "POST /", First: answer(`1`), Green: answer(`2`)})
	}
	if r := j.Report(); r.Alarms != 0 || r.Differences[0].Count != 500 || r.Differences[0].P != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestAGreenThatIsSlowerIsReportedAndNotFailed(t *testing.T) {
	t.Parallel()
	j := NewJudge(Settings{})
	for range 100 {
		s := sample("GET /", `1`, `1`, `1`)
		s.Again.Took, s.Green.Took = 20*time.Millisecond, 60*time.Millisecond
		j.Take(s)
	}
	r := j.Report()
	if len(r.Differences) != 1 || !r.Differences[0].Alarm || !r.Differences[0].Advisory || r.Differing != 0 {
		t.Errorf("got %+v", r)
	}
	if d := r.Differences[0]; d.Count != 100-coldSamples {
		t.Errorf("%d of 100 counted, the first %d are cold", d.Count, coldSamples)
	}
}

func TestAJudgeKeepsOnlySoMuch(t *testing.T) {
	t.Parallel()
	j := NewJudge(Settings{})
	for k := range 3000 {
		j.Take(sample(fmt.Sprintf("GET /%c%c/%c%c", 'a'+k%26, 'a'+k/26%26, 'a'+k/676%26, 'a'+k%7),
			`{}`, `{}`, fmt.Sprintf(`{"%c%c%c":1}`, 'a'+k%26, 'a'+k/26%26, 'a'+k/676%26)))
	}
	r := j.Report()
	if len(j.endpoints) > maxEndpoints+1 || len(j.paths) > maxPaths || len(r.Differences) > maxShown || r.Untracked == 0 {
		t.Errorf("%d endpoints, %d paths, %d shown, %d untracked", len(j.endpoints), len(j.paths), len(r.Differences), r.Untracked)
	}
}

func TestThePartsAddUpToLessThanOne(t *testing.T) {
	t.Parallel()
	sum := 0.0
	for k := 1; k <= 100_000; k++ {
		sum += part(k)
	}
	if sum > 1 {
		t.Errorf("the parts add up to %g", sum)
	}
	stakes := 0.0
	for _, b := range bets {
		stakes += b.stake
	}
	if math.Abs(stakes-1) > 1e-12 {
		t.Errorf("the stakes add up to %g", stakes)
	}
}

// TestTheBetIsFair: over both outcomes of a fair toss the wealth is expected
// to stay what it was, whatever came before.
func TestTheBetIsFair(t *testing.T) {
	t.Parallel()
	for green := range uint64(30) {
		for blue := range uint64(30) {
			at := math.Exp((&coin{green: green, blue: blue}).wealth())
			next := (math.Exp((&coin{green: green + 1, blue: blue}).wealth()) + math.Exp((&coin{green: green, blue: blue + 1}).wealth())) / 2
			if math.Abs(next-at) > 1e-9*at {
				t.Fatalf("after %d:%d the wealth %g is expected to become %g", green, blue, at, next)
			}
		}
	}
}

func TestAFewFailuresOfEachEndpointAddUp(t *testing.T) {
	t.Parallel()
	j := NewJudge(Settings{})
	for k := range 200 {
		x := sample(fmt.Sprintf("GET /%c", 'a'+k%10), `1`, `1`, `1`)
		if k%13 == 0 {
			x.Green.Status = 500
		}
		j.Take(x)
	}
	f := j.Report().Failing()
	if len(f) != 1 || f[0].Endpoint != anywhere || f[0].Path != "status" || f[0].Of != 200 || f[0].Count != 16 {
		t.Errorf("got %v", j.Report())
	}
}
