package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"cutover/internal/release"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares with a file as it was when it was last looked at.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; look at it, and run with -update if it is right:\n%s", name, got)
	}
}

func html(t *testing.T, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asJSON(t *testing.T, r Report) string {
	t.Helper()
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

func TestAReportIsTheSameEachTimeInEveryForm(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*story{"taken-back": takenBack(), "shadow": shadowed()} {
		r := gathered(t, s)
		golden(t, name+".txt", r.Text(Look{}))
		golden(t, name+".ascii.txt", r.Text(Look{ASCII: true, Width: 100}))
		golden(t, name+".md", r.Markdown())
		golden(t, name+".html", html(t, r))
		golden(t, name+".json", asJSON(t, r))
	}
}

func TestTheJSONOfAReportComesBackAsItWas(t *testing.T) {
	t.Parallel()
	text := asJSON(t, gathered(t, takenBack()))
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	var back Report
	if err := dec.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if again := asJSON(t, back); again != text {
		t.Errorf("it came back as\n%s", again)
	}
}

func TestTheLedgerAddsUpAndTheSplitIsTheOneThatWasCounted(t *testing.T) {
	t.Parallel()
	r := gathered(t, takenBack())
	for name, a := range map[string]Account{"blue": r.Ledger.Blue, "green": r.Ledger.Green, "both": r.Total} {
		if a.Accepted == 0 || a.Before+a.Accepted != a.Answered+a.ClientGone+a.Lost+a.InFlight {
			t.Errorf("%s: %+v does not add up", name, a)
		}
	}
	var shares []float64
	for _, s := range r.Stages {
		if s.Share != nil {
			shares = append(shares, *s.Share)
		}
	}
	if len(shares) != 2 || shares[0] != 0.05 || shares[1] != 0.25 {
		t.Errorf("the steps had %v of the requests, want 0.05 and 0.25", shares)
	}
	first := r.Course.Points[1]
	if first.Share == nil || *first.Share != 0.05 || *first.Errors.Old != 2.0/950 {
		t.Errorf("the first point is %+v", first)
	}
	if r.Verdict.Kind != release.Failing || r.Verdict.During != "shifting (25%)" || !r.Schema.Reverted || r.Rehearsal.Approved != "bob" || !r.Said[0].Approves {
		t.Errorf("verdict %+v, schema %+v, rehearsal %+v, said %+v", r.Verdict, r.Schema, r.Rehearsal, r.Said)
	}
}

func TestAReportOfEveryMomentOfAReleaseCanBeMade(t *testing.T) {
	t.Parallel()
	whole := takenBack()
	for n := 1; n <= len(whole.entries); n++ {
		s := *whole
		s.entries = whole.entries[:n]
		r := gathered(t, &s)
		if r.SoFar != (n < len(whole.entries)) || r.AsOf != s.entries[n-1].At || r.Journal.Records != n {
			t.Fatalf("after %d records: so far %t, as of %s", n, r.SoFar, r.AsOf)
		}
		if text := r.Text(Look{}); r.SoFar != strings.Contains(text, "so far") {
			t.Fatalf("after %d records it says\n%s", n, text)
		}
		if page := html(t, r); strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
			t.Fatalf("after %d records a number is none", n)
		}
	}
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 76, 80, 132} {
		for _, s := range []*story{takenBack(), shadowed()} {
			text := gathered(t, s).Text(Look{Width: width})
			limit := width
			if limit == 0 {
				limit = 80
			}
			for l := range strings.SplitSeq(text, "\n") {
				if n := utf8.RuneCountInString(l); n > limit {
					t.Errorf("width %d: a line has %d characters: %s", width, n, l)
				}
			}
		}
	}
}

func TestASCIIStaysASCIIAndColourChangesNothingElse(t *testing.T) {
	t.Parallel()
	s := takenBack()
	s.entries[0].Event = release.RecordedPlan{Plan: func() release.Plan { p := canary(); p.Author = "Zoë"; return p }()}
	r := gathered(t, s)
	for _, c := range r.Text(Look{ASCII: true}) {
		if c >= utf8.RuneSelf {
			t.Fatalf("%q is not ASCII", c)
		}
	}
	painted := r.Text(Look{Paint: func(tone, words string) string { return "\x1b[1m" + words + "\x1b[0m" }})
	if stripped := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(painted); stripped != r.Text(Look{}) {
		t.Errorf("without its colours it is another text:\n%s", stripped)
	}
}

// hostile is what an app might answer to a check, to be quoted as evidence.
const hostile = "<script>alert(1)</script> \x1b]0;owned\x07\x1b[2J \u202egnp.exe @everyone [x](javascript:alert(1)) | a`b` ![i](http://e.vil/i.png) \"><svg onload=x>\n# top\n"

func TestWhatAnAppAnswersIsShownAndDoesNothing(t *testing.T) {
	t.Parallel()
	s := begin(canary())
	s.enter(time.Second, release.Testing, 0, hostile)
	s.do(release.Action{Kind: release.ActCheck, Side: release.Green}, release.Finished{Checks: []release.CheckResult{{Name: hostile, Evidence: hostile}}}, time.Second)
	s.tell(0, hostile, release.Requested{Verb: release.VerbAbort, Reason: hostile})
	r := gathered(t, s)
	page := html(t, r)
	for _, bad := range []string{"<script", "<svg onload", "\x1b", "\u202e", "\x07"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q in it", bad)
		}
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the page does not show what was answered")
	}
	if tags := regexp.MustCompile(`(src|href)=|<script|url\(|http://|https://`).FindString(strings.ReplaceAll(page, "(http://e.vil", "")); tags != "" {
		t.Errorf("the page asks for something: %s", tags)
	}
	md := r.Markdown()
	for _, bad := range []string{"<script", "@everyone", "[x](", "![i]", "\n# top", "\x1b", "http://"} {
		if strings.Contains(md, bad) {
			t.Errorf("the Markdown has %q in it", bad)
		}
	}
	for l := range strings.SplitSeq(md, "\n") {
		if strings.HasPrefix(l, "| at ") || !strings.HasPrefix(l, "| 1") {
			continue
		}
		if n := strings.Count(l, "|"); n > 9 {
			t.Errorf("a row has %d bars: %s", n, l)
		}
	}
	if text := r.Text(Look{}); strings.ContainsAny(text, "\x1b\x07\u202e") {
		t.Errorf("the text steers the terminal: %q", text)
	}
}

func TestManyRecordsAreThinnedAndNothingIsLostBetween(t *testing.T) {
	t.Parallel()
	s := begin(canary())
	s.enter(time.Second, release.Shifting, 0, "go").reach(time.Second, release.Shifting, 0)
	for range 2000 {
		s.serve(95, 0, 5, 1).weigh(5*time.Second, 2, 2, time.Second)
	}
	r := gathered(t, s)
	if n := len(r.Course.Points); n > MostPoints || n < MostPoints/2 {
		t.Errorf("there are %d points", n)
	}
	for _, p := range r.Course.Points {
		if p.Share != nil && (*p.Share < 0.0499 || *p.Share > 0.0501) {
			t.Errorf("at %s the share is %v", p.At, *p.Share)
		}
	}
	if last := r.Course.Points[len(r.Course.Points)-1].At; last != r.AsOf {
		t.Errorf("the last point is of %s, the last record of %s", last, r.AsOf)
	}
}

func TestRecordsOfAnEarlierBuildHaveTheirSplitFromTheComparison(t *testing.T) {
	t.Parallel()
	s := begin(canary())
	s.enter(time.Second, release.Shifting, 0, "go").reach(time.Second, release.Shifting, 0)
	for range 3 {
		s.serve(90, 0, 10, 0)
		s.tell(5*time.Second, "engine", release.Weighed{Verdict: release.Verdict{Kind: release.NotEnough, Evidence: s.compared(1, 1, time.Second)}})
	}
	points := gathered(t, s).Course.Points
	if last := points[len(points)-1]; last.Share == nil || *last.Share != 0.1 {
		t.Errorf("the last point is %+v", last)
	}
}

func TestCountersThatBeganAnewTellNothingOfBefore(t *testing.T) {
	t.Parallel()
	s := begin(canary())
	s.enter(time.Second, release.Shifting, 0, "go").reach(time.Second, release.Shifting, 0)
	s.serve(900, 0, 100, 0).weigh(time.Second, 1, 1, time.Second)
	s.counted = release.Reading{Epoch: "f"}
	s.serve(5, 0, 5, 0).weigh(time.Second, 1, 1, time.Second)
	s.serve(10, 0, 30, 0).weigh(time.Second, 1, 1, time.Second)
	points := gathered(t, s).Course.Points
	if last := *points[len(points)-1].Share; last != 0.75 {
		t.Errorf("the last share is %v, want 0.75", last)
	}
}

func TestWithoutRecordsThereIsNoReport(t *testing.T) {
	t.Parallel()
	if _, err := Gather(nil, Range{}); err == nil {
		t.Error("there is one")
	}
	_, err := Gather([]release.Entry{{Seq: 3, Event: release.Entered{}}}, Range{})
	if err == nil || !strings.Contains(err.Error(), "record 3") {
		t.Errorf("got %v", err)
	}
}

func TestAStripShowsZeroAndNothingApart(t *testing.T) {
	t.Parallel()
	c := chart{from: noon, to: noon.Add(4 * time.Second), top: 1}
	for i, y := range []float64{0, 0.5, 1} {
		c.series = append(c.series, series{})
		_ = i
		c.series[0].points = append(c.series[0].points, dot{noon.Add(time.Duration(i+1) * time.Second), y})
	}
	if got := c.strip(c.series[0], 1, 5, blocks); got[0] != "▁▁▄█ " {
		t.Errorf("got %q", got[0])
	}
	var b bytes.Buffer
	for _, row := range c.strip(c.series[0], 2, 5, ascii) {
		b.WriteString(row + "\n")
	}
	if b.String() != "   # \n__## \n" {
		t.Errorf("got\n%s", b.String())
	}
}
