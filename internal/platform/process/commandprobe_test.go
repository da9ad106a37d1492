package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"
)

func TestACommandSaysWhetherAnInstanceIsReady(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	secret, answer := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "ready")
	if err := os.WriteFile(secret, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	order := h.order(1)
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "PASSWORD", Ref: "file:" + secret})
	order.Artefact.Health = release.Health{Every: time.Millisecond, Timeout: 20 * time.Second, Failures: 1,
		Command: []string{"sh", "-c", `echo "$PASSWORD on $CUTOVER_SIDE {{version}}, instance $CUTOVER_INSTANCE"; test -e "$0" && test {{port}} = "$PORT"`, answer}}
	start(t, p, order)
	testkit.Await(t, "an answer that it is not ready", func() bool { return strings.Contains(observe(t, p)[0].Detail, "exit status 1") })
	if in := observe(t, p)[0]; in.Ready || !strings.Contains(in.Detail, "*** on blue 1.0, instance") || strings.Contains(in.Detail, "hunter2") {
		t.Errorf("%+v", in)
	}
	if err := os.WriteFile(answer, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ready(t, p, 1)
	if err := os.Remove(answer); err != nil {
		t.Fatal(err)
	}
	ready(t, p, 0)
}

func TestACommandThatHangsIsEndedAndSaysNothing(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	order := h.order(1)
	order.Artefact.Health = release.Health{Every: time.Millisecond, Timeout: 50 * time.Millisecond, Failures: 1,
		Command: []string{"sh", "-c", "sleep 100 & sleep 100", h.mark}}
	start(t, p, order)
	testkit.Await(t, "the end of the probe", func() bool { return strings.Contains(observe(t, p)[0].Detail, "no answer within 50ms") })
}

func TestAnInstanceThatIsNotAskedIsReadyWhileItRuns(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	order := h.order(1, "-unready")
	order.Artefact.Health = release.Health{Running: true, Every: time.Millisecond, Failures: 1}
	start(t, p, order)
	if in := ready(t, p, 1)[0]; in.ReadySince.IsZero() {
		t.Errorf("%+v", in)
	}
}
