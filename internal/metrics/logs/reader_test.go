package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"

	"pgregory.net/rapid"
)

func failures(query string) signal.Signal {
	return signal.Signal{Name: "failures", Shape: signal.Rate, Unit: signal.PerSecond, Source: signal.Source{Kind: signal.Log, Query: query}}
}

func subject(old, fresh string) signal.Subject {
	return signal.Subject{
		Old: signal.Party{Label: "blue", Version: "1", Instances: []signal.Instance{{ID: "a", Log: old}}},
		New: signal.Party{Label: "green", Version: "2", Instances: []signal.Instance{{ID: "b", Log: fresh}}},
	}
}

// log is a file that a test writes to.
type log struct {
	t    testing.TB
	path string
}

func newLog(t testing.TB, text string) log {
	t.Helper()
	l := log{t, filepath.Join(t.TempDir(), "app.log")}
	l.write(text)
	return l
}

func (l log) write(text string) {
	l.t.Helper()
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		l.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		l.t.Fatal(err)
	}
}

func (l log) rotate(name string) {
	l.t.Helper()
	if err := os.Rename(l.path, filepath.Join(filepath.Dir(l.path), name)); err != nil {
		l.t.Fatal(err)
	}
}

// counting follows the log and returns how many lines have matched so far.
func counting(t testing.TB, l log, query string) func() signal.Reading {
	t.Helper()
	r := New()
	t.Cleanup(func() { _ = r.Close() })
	return func() signal.Reading {
		return r.Read(t.Context(), failures(query), subject(l.path, l.path))[0]
	}
}

func TestLogsKeepTheReadersPromises(t *testing.T) {
	t.Parallel()
	signaltest.Run(t, func(t *testing.T) signaltest.Stage {
		a, b := newLog(t, "x\n"), newLog(t, "x\n")
		return signaltest.Stage{Reader: New(), Signal: failures("fail"), Wrong: failures("a("), Subject: subject(a.path, b.path), Vanish: func() {
			for _, l := range []log{a, b} {
				if err := os.Remove(l.path); err != nil {
					t.Error(err)
				}
			}
		}}
	})
}

func TestOnlyWhatIsWrittenDuringTheWatchCounts(t *testing.T) {
	t.Parallel()
	l := newLog(t, "fail\nfail\n")
	count := counting(t, l, "fail")
	if r := count(); r.Missing != "" || r.Value != 0 {
		t.Fatalf("%+v", r)
	}
	l.write("fail\nfine\nfa")
	if r := count(); r.Value != 1 {
		t.Errorf("%+v", r)
	}
	l.write("il\r\n")
	if r := count(); r.Value != 2 {
		t.Errorf("a line written in two parts: %+v", r)
	}
}

func TestARotatedLogIsReadToItsEndAndThenTheNewOne(t *testing.T) {
	t.Parallel()
	l := newLog(t, "")
	count := counting(t, l, "fail")
	count()
	l.write("fail\n")
	count()
	l.write("fail\nfail without an end")
	l.rotate("app.log.1")
	if r := count(); r.Missing != "" || r.Value != 2 {
		t.Errorf("between the steps of a rotation: %+v", r)
	}
	l.write("fail\nfine\n")
	if r := count(); r.Value != 4 || r.Epoch != "0" {
		t.Errorf("after the rotation: %+v", r)
	}
	if err := os.Truncate(l.path, 0); err != nil {
		t.Fatal(err)
	}
	l.write("fail\n")
	if r := count(); r.Value != 5 {
		t.Errorf("after the file was cut: %+v", r)
	}
}

func TestReadingIsBounded(t *testing.T) {
	t.Parallel()
	l := newLog(t, "")
	count := counting(t, l, "fail")
	count()
	line := "fail" + strings.Repeat("x", 8000) + "\n"
	lines := maxPoll/len(line) + 100
	l.write(strings.Repeat(line, lines))
	first := count()
	if first.Value >= float64(lines) || first.Value < float64(lines)/2 {
		t.Errorf("one poll counts %v of %d", first.Value, lines)
	}
	if r := count(); r.Value != float64(lines) || r.Epoch != first.Epoch {
		t.Errorf("the rest comes with the next: %+v", r)
	}
	if err := os.Truncate(l.path, int64(lines*len(line)+maxBehind+1)); err != nil {
		t.Fatal(err)
	}
	if r := count(); r.Epoch == first.Epoch {
		t.Errorf("what is left out begins an epoch: %+v", r)
	}
}

func TestALineWithoutEndUsesNoMemoryWithoutEnd(t *testing.T) {
	t.Parallel()
	f := &follower{}
	f.pattern, _ = patternOf("fail")
	for range 100 {
		f.take(bytes.Repeat([]byte("x"), chunk))
	}
	if cap(f.line) > 2*maxLine {
		t.Errorf("%d bytes are kept of one line", cap(f.line))
	}
	f.take([]byte("fail\nfail\n"))
	if f.matches != 1 {
		t.Errorf("%v matches; the end of a line that is too long is not looked at", f.matches)
	}
}

func TestHowALogIsWrittenDoesNotChangeTheCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		want := 0
		for range rapid.IntRange(0, 20).Draw(t, "lines") {
			line := rapid.SampledFrom([]string{"fail", "fine", "", "a fail b", strings.Repeat("x", 100)}).Draw(t, "line")
			if strings.Contains(line, "fail") {
				want++
			}
			text.WriteString(line + "\n")
		}
		f := &follower{}
		f.pattern, _ = patternOf("fail")
		for rest := text.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "part")
			f.take([]byte(rest[:n]))
			rest = rest[n:]
		}
		if int(f.matches) != want {
			t.Fatalf("%v matches; want %d", f.matches, want)
		}
	})
}

func TestWhatCannotBeFollowedIsMissing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for path, says := range map[string]string{filepath.Join(folder, "none"): "there is no log", folder: "not a regular file", "": "its log is not known"} {
		r := New()
		if got := r.Read(t.Context(), failures("x"), subject(path, path))[0]; !strings.Contains(got.Missing, says) {
			t.Errorf("%q: %+v; want %q", path, got, says)
		}
		_ = r.Close()
	}
}

func TestFilesOfInstancesThatAreGoneAreClosed(t *testing.T) {
	t.Parallel()
	r := New()
	t.Cleanup(func() { _ = r.Close() })
	for i := range 20 {
		l := newLog(t, strconv.Itoa(i))
		r.Read(t.Context(), failures("x"), subject(l.path, l.path))
	}
	if n := len(r.of(failures("x")).logs); n != 1 {
		t.Errorf("%d logs are followed", n)
	}
}

func TestThePatternsOfTheMeasures(t *testing.T) {
	t.Parallel()
	for measure, lines := range map[string]map[string]bool{
		signal.AuthFailures: {
			`FATAL:  password authentication failed for user "shop"`: true, "Login failed for admin": true, "pam_unix: authentication failure; uid=0": true,
			"Failed password for root from 10.0.0.1": true, "authentication succeeded": false, "login ok": false,
		},
		signal.Exceptions: {
			"ValueError: bad literal": true, "java.lang.NullPointerException: x": true, `Exception in thread "main" java.lang.IllegalStateException`: true,
			"panic: runtime error: index out of range": true, "2026-03-01 ERROR app.views.ApiException: gone": true, "UnhandledPromiseRejection: Unhandled rejection": true,
			"Traceback (most recent call last):": false, "lastError: none": false, "errors: 0": false, "no exception occurred": false,
		},
	} {
		p, err := patternOf(measure)
		if err != nil {
			t.Fatal(err)
		}
		for line, want := range lines {
			if p.MatchString(line) != want {
				t.Errorf("%s matches %q: %v; want %v", measure, line, !want, want)
			}
		}
	}
}
