package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Flag is a feature of an app that can be switched off while its version goes
// on, and how the app is told. Exactly one of Environment, File, HTTP and
// Command is set.
type Flag struct {
	Name string `json:"name"`
	// Component is the one the feature belongs to, as people call it; "" where
	// the flag is the whole app's.
	Component   string        `json:"component,omitempty"`
	Environment *FlagVariable `json:"environment,omitempty"`
	File        *FlagFile     `json:"file,omitempty"`
	HTTP        *FlagRequest  `json:"http,omitempty"`
	Command     *FlagCommand  `json:"command,omitempty"`
	// Timeout bounds one try to tell the app, Retries says how often a failed
	// one is repeated, Pause how long to wait before the first repetition; each
	// further pause is twice as long.
	Timeout time.Duration `json:"timeout,omitempty"`
	Retries int           `json:"retries,omitempty"`
	Pause   time.Duration `json:"pause,omitempty"`
}

// FlagVariable tells instances by a variable. It reaches those that are
// started from then on; what runs goes on with the value it has.
type FlagVariable struct {
	Variable string `json:"variable"`
	// On and Off are its values. Where On is empty, the variable is left as the
	// version has it while the feature is on.
	On  string `json:"on,omitempty"`
	Off string `json:"off"`
	// Components are those whose instances are told, "" for the one with users.
	// None means all.
	Components []string `json:"components,omitempty"`
}

// FlagFile tells the app by a file that is cutover's own and that the app
// reads. Flags with the same path share it.
type FlagFile struct {
	// Path is absolute.
	Path   string     `json:"path"`
	Format FlagFormat `json:"format"`
	// Mode are the permission bits, 0600 if 0.
	Mode uint32 `json:"mode,omitempty"`
	// Version is the only one that reads it, "" where all versions read it.
	Version string `json:"version,omitempty"`
}

// FlagFormat is how a file of flags is written.
type FlagFormat string

// The formats.
const (
	// FlagsPlain is a JSON object of names and true or false.
	FlagsPlain FlagFormat = "json"
	// FlagsFlagd is what flagd and OpenFeature's in-process providers read.
	FlagsFlagd FlagFormat = "flagd"
)

// FlagRequest tells the app by an HTTP request; an answer of 2xx means that it
// was heard. URL, the values of Headers and Body may contain {{app}}, {{flag}},
// {{state}} (on, off), {{enabled}} (true, false), and {{version}} and
// {{component}}, which are empty where every one is meant.
type FlagRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	// Headers values may be references ("env:NAME", "file:/path").
	Headers map[string]string `json:"headers,omitempty"`
	// Body is sent as it is. Where it is empty, POST, PUT and PATCH send a JSON
	// object with app, flag, enabled and key.
	Body string `json:"body,omitempty"`
}

// FlagCommand tells the app by running a program, without a shell; exit code 0
// means that it was heard. Args may contain what FlagRequest may.
type FlagCommand struct {
	Args []string `json:"args"`
	Dir  string   `json:"dir"`
}

// Same reports whether both tell the app the same in the same way.
func (f Flag) Same(o Flag) bool {
	return f.Name == o.Name && f.Component == o.Component && f.Timeout == o.Timeout && f.Retries == o.Retries && f.Pause == o.Pause &&
		sameOf(f.Environment, o.Environment, FlagVariable.same) && sameOf(f.File, o.File, FlagFile.same) &&
		sameOf(f.HTTP, o.HTTP, FlagRequest.same) && sameOf(f.Command, o.Command, FlagCommand.same)
}

func sameOf[T any](a, b *T, same func(T, T) bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return same(*a, *b)
}

func (v FlagVariable) same(o FlagVariable) bool {
	return v.Variable == o.Variable && v.On == o.On && v.Off == o.Off && slices.Equal(v.Components, o.Components)
}

func (f FlagFile) same(o FlagFile) bool { return f == o }

func (r FlagRequest) same(o FlagRequest) bool {
	return r.Method == o.Method && r.URL == o.URL && r.Body == o.Body && maps.Equal(r.Headers, o.Headers)
}

func (c FlagCommand) same(o FlagCommand) bool { return c.Dir == o.Dir && slices.Equal(c.Args, o.Args) }

// Of returns the flag as one version is told of it: {{version}} in the path of
// its file makes that a file of this version's own.
func (f Flag) Of(version string) Flag {
	if f.File == nil || !strings.Contains(f.File.Path, "{{version}}") {
		return f
	}
	own := *f.File
	own.Path, own.Version = strings.ReplaceAll(own.Path, "{{version}}", version), version
	f.File = &own
	return f
}

// Lane names what at most one order at a time may use.
func (f Flag) Lane() string {
	if f.File != nil {
		return "file " + f.File.Path
	}
	return "flag " + f.Name + " " + f.Way()
}

// told reports whether there is nothing to be done for the app to be told: a
// variable is told with the next start.
func (f Flag) told() bool { return f.Environment != nil }

// Way says in a few words how the app is told. It never has a secret.
func (f Flag) Way() string {
	switch {
	case f.Environment != nil:
		return "environment " + f.Environment.Variable
	case f.File != nil:
		return fmt.Sprintf("file %s (%s)", f.File.Path, f.File.Format)
	case f.HTTP != nil:
		return "http " + f.HTTP.Method + " " + withoutUser(f.HTTP.URL)
	case f.Command != nil:
		return "command " + strings.Join(f.Command.Args[:min(1, len(f.Command.Args))], "")
	}
	return "nothing"
}

// withoutUser leaves out of an address what may be a secret: who asks, and the
// query.
func withoutUser(address string) string {
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:] + "/" + path
}
