package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/user"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/engine"
	"cutover/internal/release"
)

func TestWhatIsAskedIsOnRecordUnderTheUserAtTheOtherEndOfTheSocket(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	d.deploy(t, "r1")
	if _, err := d.Request(t.Context(), "r1", release.VerbPause, "lunch"); err != nil {
		t.Fatal(err)
	}
	lines, err := d.Lines(t.Context(), 0, "shop", "r1", 0)
	if err != nil {
		t.Fatal(err)
	}
	byMe := 0
	for _, l := range lines {
		switch l.Type {
		case "planned", "requested":
			byMe++
			if l.Actor != me.Username {
				t.Errorf("%s is recorded as %q's, want %q", l.Type, l.Actor, me.Username)
			}
		default:
			if l.Actor != "engine" {
				t.Errorf("%s is recorded as %q's", l.Type, l.Actor)
			}
		}
		if l.Text == "" || l.Hash == "" || l.At.IsZero() {
			t.Errorf("the line %+v says too little", l)
		}
	}
	if byMe != 2 {
		t.Errorf("%d records are mine, want 2", byMe)
	}
	v, err := d.View(t.Context(), "r1")
	if err != nil || v.State.Plan.Author != me.Username {
		t.Errorf("the author is %q (%v)", v.State.Plan.Author, err)
	}
}

func TestSomebodyWhomTheKernelDoesNotNameIsSomebody(t *testing.T) {
	t.Parallel()
	if got := who(httptest.NewRequest(http.MethodGet, "/", nil)); got != "somebody" {
		t.Errorf("it is %q", got)
	}
}

func TestReadersSeeWhatStandsAndEveryRelease(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	if list, err := d.Releases(t.Context(), ""); err != nil || list == nil || len(list) != 0 {
		t.Errorf("before any release there are %v (%v), want an empty list", list, err)
	}
	d.deploy(t, "r1")
	info, err := d.Info(t.Context())
	if err != nil || !info.Leading || info.Generation != 1 || info.Version != "test" {
		t.Errorf("the info is %+v (%v)", info, err)
	}
	apps, err := d.Apps(t.Context())
	if err != nil || len(apps) != 1 || apps[0].Active != "r1" {
		t.Errorf("the apps are %+v (%v)", apps, err)
	}
	for app, n := range map[string]int{"": 1, "shop": 1, "forum": 0} {
		if list, err := d.Releases(t.Context(), app); err != nil || len(list) != n {
			t.Errorf("%q has %d releases (%v), want %d", app, len(list), err, n)
		}
	}
	if p, err := d.Plan(t.Context(), Files{Release: "r2:v2"}); err != nil || p.Release != "r2" || p.Author == "" {
		t.Errorf("the plan is %+v (%v)", p, err)
	}
	if list, err := d.Releases(t.Context(), ""); err != nil || len(list) != 1 {
		t.Errorf("making a plan has left %d releases (%v)", len(list), err)
	}
}

func TestADeploymentNamesTheRecordBeforeItAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	first := d.deploy(t, "r1")
	if first.Resumed || first.After != 0 {
		t.Errorf("the first answer is %+v", first)
	}
	again := d.deploy(t, "r1")
	if !again.Resumed || again.Differs || again.After != first.After || again.Release != "r1" {
		t.Errorf("the second answer is %+v", again)
	}
}

func TestAViewComesThroughTheSocketAsTheEngineGivesIt(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	d.deploy(t, "r1")
	v, err := d.Request(t.Context(), "r1", release.VerbPause, "lunch")
	if err != nil {
		t.Fatal(err)
	}
	if v.State.Halt == nil || v.State.Halt.Kind != release.Paused || !strings.Contains(v.Explanation.Word, "paused in") {
		t.Errorf("the view is %+v", v.State)
	}
	want, _ := d.engine.View("r1")
	if want.State.Seq == v.State.Seq && !reflect.DeepEqual(want.State, v.State) {
		t.Errorf("the state is\n%+v, want\n%+v", v.State, want.State)
	}
	if !reflect.DeepEqual(v.State.Plan.To, want.State.Plan.To) || len(v.Explanation.Verbs) == 0 || len(v.Explanation.Waits) == 0 {
		t.Errorf("the explanation is %+v", v.Explanation)
	}
}

func TestABadRequestIsAnsweredWithWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	d.deploy(t, "r1")
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/v1/deploy", ``, "it is empty"},
		{"POST", "/v1/deploy", `{"paths":`, "unexpected EOF"},
		{"POST", "/v1/deploy", `{"path":["a"]}`, `unknown field "path"`},
		{"POST", "/v1/deploy", `{"paths":"a"}`, "cannot unmarshal string"},
		{"POST", "/v1/deploy", `{"release":"r1:v1"} {}`, "more than one"},
		{"POST", "/v1/plan", `{"release":"no colon"}`, `app.yaml:3:1: unknown key "relase"`},
		{"POST", "/v1/releases/r1/pause", `{"reason":"` + strings.Repeat("x", maxBody) + `"}`, "more than 1048576 bytes"},
		{"POST", "/v1/releases/r1/pause", `[]`, "cannot unmarshal array"},
		{"POST", "/v1/apps/shop/allow", `{"versions":"v1"}`, "unknown field"},
		{"GET", "/v1/journal?after=-1", ``, "-1 is negative"},
		{"GET", "/v1/journal?limit=-2", ``, "-2 is negative"},
		{"GET", "/v1/journal?wait=-3", ``, "-3 is negative"},
		{"GET", "/v1/journal?after=ten", ``, "whole numbers"},
		{"GET", "/v1/journal?wait=99999999999999999999", ``, "out of range"},
	} {
		code, f := d.raw(t, c.method, c.path, c.body)
		if code != http.StatusBadRequest || f.Kind != "usage" || !strings.Contains(f.Error, c.want) {
			t.Errorf("%s %s %.40s: %d %s %q, want 400 usage and %q", c.method, c.path, c.body, code, f.Kind, f.Error, c.want)
		}
	}
	if v, err := d.View(t.Context(), "r1"); err != nil || v.State.Halt != nil {
		t.Errorf("a bad request had an effect: %+v (%v)", v.State.Halt, err)
	}
}

func TestWhatDoesNotExistIsUnknown(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	_, err := d.View(t.Context(), "r9")
	answered(t, err, http.StatusNotFound, "unknown", `no release named "r9"`, "cutover history")
	_, err = d.Request(t.Context(), "r9", release.VerbAbort, "")
	answered(t, err, http.StatusNotFound, "unknown", `no release named "r9"`)
	if code, _ := d.raw(t, "GET", "/v1/nothing", ""); code != http.StatusNotFound {
		t.Errorf("an unknown path is answered %d", code)
	}
	if code, _ := d.raw(t, "DELETE", "/v1/releases/r1", ""); code != http.StatusMethodNotAllowed {
		t.Errorf("an unknown method is answered %d", code)
	}
}

func TestWhatMakesNoSenseNowIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	d.deploy(t, "r1")
	_, err := d.Request(t.Context(), "r1", release.VerbRetire, "")
	answered(t, err, http.StatusConflict, "refused", "not in standby")
	_, err = d.Deploy(t.Context(), Files{Release: "r2:v2"})
	answered(t, err, http.StatusConflict, "refused", "release r1 of shop is under way")
	answered(t, d.Allow(t.Context(), "shop", "v9", ""), http.StatusConflict, "refused", "v9 of shop is not rejected")
}

func TestAControllerThatIsNotInChargeSaysSo(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	if info, err := d.Info(t.Context()); err != nil || info.Leading {
		t.Errorf("the info is %+v (%v)", info, err)
	}
	_, err := d.Deploy(t.Context(), Files{Release: "r1:v1"})
	answered(t, err, http.StatusServiceUnavailable, "failed", "another controller is in charge")
	_, err = d.View(t.Context(), "r1")
	answered(t, err, http.StatusServiceUnavailable, "failed")
	_, err = d.Request(t.Context(), "r1", release.VerbAbort, "")
	answered(t, err, http.StatusServiceUnavailable, "failed")
	answered(t, d.Allow(t.Context(), "shop", "v1", ""), http.StatusServiceUnavailable, "failed")
}

func TestARejectedVersionIsRefusedUntilItIsAllowed(t *testing.T) {
	t.Parallel()
	p, err := planner{}.Plan(t.Context(), Files{Release: "r0:v1"})
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, true, release.RecordedPlan{Plan: p}, release.Ended{Outcome: release.RolledBack, Reason: "crash loop", Rejected: true})
	_, err = d.Deploy(t.Context(), Files{Release: "r1:v1"})
	answered(t, err, http.StatusConflict, "refused", "version v1 was taken back by release r0 (crash loop)", "cutover allow shop v1")
	if err := d.Allow(t.Context(), "shop", "v1", "mended"); err != nil {
		t.Fatal(err)
	}
	d.deploy(t, "r1")
}

func TestNobodyThereIsErrAbsent(t *testing.T) {
	t.Parallel()
	c := NewClient(newSocket(t))
	if _, err := c.Info(t.Context()); !errors.Is(err, ErrAbsent) {
		t.Errorf("without a socket it is %v, want ErrAbsent", err)
	}
	d := open(t, false)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Apps(t.Context()); !errors.Is(err, ErrAbsent) {
		t.Errorf("after the end it is %v, want ErrAbsent", err)
	}
}

func TestAClientThatGivesUpIsNotToldThatNobodyIsThere(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := d.Lines(ctx, 1000, "", "", 20*time.Second)
	if err == nil || errors.Is(err, ErrAbsent) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it is %v, want the deadline", err)
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	s := &Server{}
	for _, c := range []struct {
		err  error
		code int
		kind string
	}{
		{engine.ErrRefused, http.StatusConflict, `"refused"`},
		{engine.ErrNotLeading, http.StatusServiceUnavailable, `"failed"`},
		{errors.New("no space left on device"), http.StatusInternalServerError, `"failed"`},
	} {
		w := httptest.NewRecorder()
		s.fail(w, c.err)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.kind) || !strings.Contains(w.Body.String(), c.err.Error()) {
			t.Errorf("%v: %d %s", c.err, w.Code, w.Body)
		}
	}
}
