package soaktest

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"cutover/internal/durable"
	"cutover/internal/testkit/fault"
)

// report is what a soak found.
type report struct {
	*stage
	plan    []fault.Strike
	took    time.Duration
	done    []outcome
	blows   []blow
	missed  map[string]int
	account account
	witness *witness
	kept    int
}

// publish prints the report and, where a file is asked for, writes it.
func (r report) publish() {
	text := r.text()
	r.t.Logf("\n%s", text)
	if r.stage.report == "" {
		return
	}
	if err := durable.WriteFile(r.stage.report, []byte(text), 0o644); err != nil {
		r.t.Errorf("write the report: %v", err)
	}
}

func (r report) text() string {
	var b strings.Builder
	broken := r.trouble()
	verdict := "Nothing broke."
	if len(broken) > 0 {
		verdict = fmt.Sprintf("**%d things broke:**\n\n```\n%s\n```", len(broken), strings.Join(broken, "\n"))
	}
	fmt.Fprintf(&b, "# Soak: release after release while things break\n\n`make soak SOAK=%s SEED=%d` on %s, %d cores, %s, %s; users sent %g requests a second for %s.\n"+
		"What is broken, and how, is described in `internal/testkit/fault/DESIGN.md`; what is checked, in `internal/soaktest/DESIGN.md`.\n\n%s\n\n",
		r.length, r.seed, time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), machine(), runtime.Version(), r.rate, r.took.Round(time.Second), verdict)
	r.requests(&b)
	r.releases(&b)
	r.faults(&b)
	r.sizes(&b)
	return b.String()
}

// machine names the processor.
func machine() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Join(strings.Fields(strings.TrimLeft(name, "\t :")), " ")
		}
	}
	return runtime.GOARCH
}

func (r report) requests(b *strings.Builder) {
	a, q := r.account, r.account.Requests
	fmt.Fprintf(b, "## Requests, by the users' own count\n\n| what | how many |\n|---|---:|\n")
	for _, row := range []struct {
		what string
		n    any
	}{
		{"sent", q.Sent}, {"answered", q.Answered}, {"given up by the user, on purpose", q.ClientGone}, {"lost", q.Lost},
		{"... in flight inside a process that a fault struck", a.inside}, {"... in the data plane when it was killed, or before it was back", a.away},
		{"... to a version that crashes by itself: inside it, or sent to it until it had no more traffic", a.crashed},
		{"**... that could have been saved**", fmt.Sprintf("**%d**", a.saved)},
		{"answers that belonged to another request", a.Mismatched}, {"POSTs taken twice", r.count("the POST ")}, {"GETs taken twice (allowed)", a.twice},
		{"entries in the app's own log", a.logged}, {"addresses kept and read back as written", fmt.Sprintf("%d of %d", r.kept-r.count("the address "), r.kept)},
		{"streams opened", a.Streams.Opened}, {"... cut by a fault, or by a version that crashed", a.cutByFault}, {"... cut otherwise", a.cutOtherwise},
		{"readings of the data plane's ledger that added up", r.witness.looks - r.count("the data plane's ledger")}, {"journal records folded and checked", r.witness.history.last},
	} {
		fmt.Fprintf(b, "| %s | %v |\n", row.what, row.n)
	}
	fmt.Fprintln(b)
}

// count is how many of the things that broke say so.
func (r report) count(what string) int {
	n := 0
	for _, line := range r.trouble() {
		if strings.Contains(line, what) {
			n++
		}
	}
	return n
}

func (r report) releases(b *strings.Builder) {
	type row struct{ sort, result string }
	n, slowest, resumed := map[row]int{}, map[row]time.Duration{}, map[row]int{}
	for _, o := range r.done {
		at := row{string(o.sort), string(o.phase) + ", " + o.result}
		n[at]++
		slowest[at], resumed[at] = max(slowest[at], o.ended.Sub(o.began)), resumed[at]+o.resumed
	}
	fmt.Fprintf(b, "## Releases: %d\n\n| kind | came out | how many | slowest | resumed by hand |\n|---|---|---:|---:|---:|\n", len(r.done))
	for _, at := range slices.SortedFunc(maps.Keys(n), func(a, b row) int { return cmp.Or(cmp.Compare(a.sort, b.sort), cmp.Compare(a.result, b.result)) }) {
		fmt.Fprintf(b, "| %s | %s | %d | %.1f s | %d |\n", at.sort, at.result, n[at], slowest[at].Seconds(), resumed[at])
	}
	changed := 0
	for _, o := range r.done {
		if o.change != "" {
			changed++
		}
	}
	fmt.Fprintf(b, "\n%d of them changed the schema.\n\n", changed)
}

func (r report) faults(b *strings.Builder) {
	fmt.Fprintf(b, "## Faults: %d\n\nRecovery is counted from the end of the fault, of a kill from the kill.\n\n| what | fault | how many | slowest recovery | found nobody |\n|---|---|---:|---:|---:|\n", len(r.blows))
	n, slowest, lane := map[string]int{}, map[string]time.Duration{}, map[string]string{}
	for _, bl := range r.blows {
		from := bl.until
		if bl.kills() {
			from = bl.from
		}
		n[bl.Name]++
		lane[bl.Name], slowest[bl.Name] = bl.Lane, max(slowest[bl.Name], bl.recovered.Sub(from))
	}
	for _, s := range r.plan {
		lane[s.Kind] = s.Lane
	}
	for _, name := range slices.SortedFunc(maps.Keys(lane), func(a, b string) int { return cmp.Or(cmp.Compare(lane[a], lane[b]), cmp.Compare(a, b)) }) {
		fmt.Fprintf(b, "| %s | %s | %d | %.2f s | %d |\n", lane[name], name, n[name], slowest[name].Seconds(), r.missed[name])
	}
	fmt.Fprintln(b)
}

func (r report) sizes(b *strings.Builder) {
	fmt.Fprintf(b, "## Memory and descriptors\n\nLeast / median / most in each quarter of the time, over all processes that were the controller (%d) or the data plane.\n\n| process | | 1st | 2nd | 3rd | 4th |\n|---|---|---|---|---|---|\n", r.witness.keeper.starts.Load())
	for _, name := range slices.Sorted(maps.Keys(r.witness.sizes)) {
		rss, fds := quarters(r.witness.sizes[name], rssOf), quarters(r.witness.sizes[name], fdsOf)
		fmt.Fprintf(b, "| %s | memory, kB | %s | %s | %s | %s |\n", name, rss[0], rss[1], rss[2], rss[3])
		fmt.Fprintf(b, "| %s | descriptors | %s | %s | %s | %s |\n", name, fds[0], fds[1], fds[2], fds[3])
	}
}
