package sample

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Options say what one instance is.
type Options struct {
	// Addr is host:port; with port 0 the kernel chooses one.
	Addr    string
	Version string
	// Instance names this copy; empty means the address it listens on.
	Instance string
	// Behaviour replaces BehaviourOf(Version) when it is set.
	Behaviour *Behaviour
	// RequestLog is a file to which a line is appended for each request with
	// an id; empty means none. Several instances may share one.
	RequestLog string
	// Database is a SQLite file in which the shop keeps addresses; instances of
	// several versions may share one. Empty means that it keeps none.
	Database string
	// Drain bounds how long a stopping instance waits for requests in flight;
	// 0 means 30 seconds.
	Drain time.Duration
	// Wrap, if set, stands around everything the instance does for a request
	// once that is in the request log; tests spoil it there.
	Wrap func(http.Handler) http.Handler
	// Listening, if set, is called once with the address that takes requests.
	Listening func(addr string)
}

const defaultDrain = 30 * time.Second

// FromEnv reads Options from environment variables: SAMPLE_ADDR (required),
// SAMPLE_VERSION (default v1), SAMPLE_INSTANCE, SAMPLE_REQUEST_LOG,
// SAMPLE_DATABASE and SAMPLE_DRAIN (a duration). SAMPLE_NEVER_READY=1, SAMPLE_WARM and
// SAMPLE_CRASH_AFTER (durations) and SAMPLE_FAIL_SHARE (0..1) change how the
// version behaves.
func FromEnv(getenv func(string) string) (Options, error) {
	o := Options{
		Addr:       getenv("SAMPLE_ADDR"),
		Version:    getenv("SAMPLE_VERSION"),
		Instance:   getenv("SAMPLE_INSTANCE"),
		RequestLog: getenv("SAMPLE_REQUEST_LOG"),
		Database:   getenv("SAMPLE_DATABASE"),
	}
	if o.Addr == "" {
		return o, fmt.Errorf("reading the sample's options: SAMPLE_ADDR is empty; set it to host:port")
	}
	if o.Version == "" {
		o.Version = "v1"
	}
	b := BehaviourOf(o.Version)
	o.Behaviour = &b
	if getenv("SAMPLE_NEVER_READY") == "1" {
		b.NeverReady = true
	}
	if s := getenv("SAMPLE_FAIL_SHARE"); s != "" {
		share, err := strconv.ParseFloat(s, 64)
		if err != nil || share < 0 || share > 1 {
			return o, fmt.Errorf("reading the sample's options: SAMPLE_FAIL_SHARE is %q; set it to a number from 0 to 1", s)
		}
		b.FailShare = share
	}
	for name, to := range map[string]*time.Duration{
		"SAMPLE_WARM": &b.WarmFor, "SAMPLE_CRASH_AFTER": &b.CrashAfter, "SAMPLE_DRAIN": &o.Drain,
	} {
		if err := readDuration(getenv, name, to); err != nil {
			return o, err
		}
	}
	return o, nil
}

// readDuration leaves to as it is when the variable is not set.
func readDuration(getenv func(string) string, name string, to *time.Duration) error {
	s := getenv(name)
	if s == "" {
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("reading the sample's options: %s is %q; set it to a duration such as 500ms", name, s)
	}
	*to = d
	return nil
}

// complete fills in the defaults.
func (o Options) complete() Options {
	if o.Behaviour == nil {
		b := BehaviourOf(o.Version)
		o.Behaviour = &b
	}
	if o.Drain == 0 {
		o.Drain = defaultDrain
	}
	return o
}
