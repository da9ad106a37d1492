package sample

import (
	"strings"
	"testing"
	"time"
)

func fromMap(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

func TestTheEnvironmentSaysWhatAnInstanceIs(t *testing.T) {
	t.Parallel()
	o, err := FromEnv(fromMap(map[string]string{
		"SAMPLE_ADDR": "127.0.0.1:0", "SAMPLE_VERSION": "v3", "SAMPLE_INSTANCE": "web-2", "SAMPLE_REQUEST_LOG": "/tmp/x", "SAMPLE_DATABASE": "/tmp/y",
		"SAMPLE_DRAIN": "5s", "SAMPLE_WARM": "2s", "SAMPLE_CRASH_AFTER": "1m", "SAMPLE_NEVER_READY": "1",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := Behaviour{NeverReady: true, WarmFor: 2 * time.Second, CrashAfter: time.Minute, FailShare: flawedShare}
	if *o.Behaviour != want {
		t.Errorf("behaviour %+v, want %+v", *o.Behaviour, want)
	}
	if o.Addr != "127.0.0.1:0" || o.Version != "v3" || o.Instance != "web-2" || o.RequestLog != "/tmp/x" || o.Database != "/tmp/y" || o.Drain != 5*time.Second {
		t.Errorf("options %+v", o)
	}
}

func TestAWrongVariableIsNamed(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"SAMPLE_ADDR": "", "SAMPLE_WARM": "soon", "SAMPLE_DRAIN": "-1s", "SAMPLE_FAIL_SHARE": "1.5",
	} {
		env := map[string]string{"SAMPLE_ADDR": "127.0.0.1:0"}
		env[name] = value
		if _, err := FromEnv(fromMap(env)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}
