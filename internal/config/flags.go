package config

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

// Flag is a feature that can be switched off by itself, and how the app is told.
// Exactly one of environment, file, http and command says that.
type Flag struct {
	// The component that has the feature; without, the whole app has.
	Component string `json:"component,omitempty"`
	// A variable that instances get when they start. Switching the flag takes a restart, which is done only if asked for.
	Environment *FlagVariable `json:"environment,omitempty" example:"{variable: FEATURE_SEARCH}"`
	// A file of cutover's own that the app reads or watches. Flags with the same path share it.
	File *FlagFile `json:"file,omitempty" example:"{path: flags.json}"`
	// A request that tells the app; any answer of 2xx means that it has heard.
	HTTP *FlagHTTP `json:"http,omitempty" example:"{url: \"http://127.0.0.1:9000/flags/{{flag}}\"}"`
	// A program, run without a shell, that tells the app; exit code 0 means that it has heard. May contain {{app}}, {{flag}}, {{state}} (on, off), {{enabled}} (true, false), {{version}} and {{component}}, and gets CUTOVER_FLAG, CUTOVER_FLAG_STATE and CUTOVER_KEY.
	Command Command `json:"command,omitzero" example:"[\"./switch\", \"{{flag}}\", \"{{state}}\"]"`
	// How long one try to tell the app may take.
	Timeout Duration `json:"timeout,omitempty" jsonschema:"default=10s"`
	// How often a try that failed is repeated.
	Retries int `json:"retries,omitempty" jsonschema:"default=3,minimum=0,maximum=100"`
	// The pause before the first repetition; each further one is twice as long, a minute at most.
	Pause Duration `json:"pause,omitempty" jsonschema:"default=1s"`
}

// FlagVariable is a variable by which instances are told.
type FlagVariable struct {
	// Its name.
	Variable string `json:"variable" jsonschema:"required" example:"FEATURE_SEARCH"`
	// Its value while the feature is on; without, the variable is left as the version has it.
	On Text `json:"on,omitempty"`
	// Its value while the feature is off.
	Off Text `json:"off,omitempty" jsonschema:"default=false"`
}

func (FlagVariable) shortKey() string { return "variable" }

// FlagFile is a file by which the app is told.
type FlagFile struct {
	// Its path, relative to the folder of this file. The folder it is in has to exist. With {{version}} in it, each version has a file of its own, so that a plain one can say what is off for one version alone.
	Path string `json:"path" jsonschema:"required" example:"flags.json"`
	// json is an object of names and true or false; flagd is what flagd and OpenFeature's providers for it read.
	Format string `json:"format,omitempty" jsonschema:"default=json,enum=json,enum=flagd"`
	// Who may read it, as permission bits.
	Mode Text `json:"mode,omitempty" jsonschema:"default=0600"`
}

func (FlagFile) shortKey() string { return "path" }

// FlagHTTP is a request by which the app is told.
type FlagHTTP struct {
	// The method.
	Method string `json:"method,omitempty" jsonschema:"default=POST,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,enum=GET"`
	// The address. May contain {{app}}, {{flag}}, {{state}} (on, off), {{enabled}} (true, false), {{version}} and {{component}}, which are empty for all of them.
	URL string `json:"url" jsonschema:"required" example:"\"http://127.0.0.1:9000/flags/{{flag}}\""`
	// Headers. A value may be a reference: env:NAME or file:PATH.
	Headers map[string]Text `json:"headers,omitempty"`
	// The body, with the placeholders of the address; without, a JSON object with app, flag, enabled and key.
	Body string `json:"body,omitempty"`
}

func (FlagHTTP) shortKey() string { return "url" }

// flags returns what the app declares for a version, sorted by name.
func (a *App) flags(version string) []release.Flag {
	var list []release.Flag
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Flags)) {
		list = append(list, a.Spec.Flags[name].resolve(name, a.front(), a.doc.source.dir).Of(version))
	}
	return list
}

// resolve gives a flag its core form. What validate reports is left as it is.
func (f Flag) resolve(name, front, dir string) release.Flag {
	out := release.Flag{Name: name, Component: f.Component, Timeout: time.Duration(f.Timeout), Retries: f.Retries, Pause: time.Duration(f.Pause)}
	switch {
	case f.Environment != nil:
		out.Environment = &release.FlagVariable{Variable: f.Environment.Variable, On: string(f.Environment.On), Off: string(f.Environment.Off)}
		switch f.Component {
		case "":
		case front:
			out.Environment.Components = []string{""}
		default:
			out.Environment.Components = []string{f.Component}
		}
	case f.File != nil:
		mode, _ := f.File.mode()
		out.File = &release.FlagFile{Path: absolute(f.File.Path, dir), Format: release.FlagFormat(f.File.Format), Mode: uint32(mode)}
	case f.HTTP != nil:
		out.HTTP = &release.FlagRequest{Method: f.HTTP.Method, URL: f.HTTP.URL, Body: f.HTTP.Body}
		for header, value := range f.HTTP.Headers {
			if out.HTTP.Headers == nil {
				out.HTTP.Headers = map[string]string{}
			}
			out.HTTP.Headers[header] = absoluteReference(string(value), dir)
		}
	default:
		args, _ := f.Command.args(false)
		out.Command = &release.FlagCommand{Args: args, Dir: dir}
	}
	return out
}

// ofVersion reports whether each version has a file of its own.
func (f Flag) ofVersion() bool { return f.File != nil && strings.Contains(f.File.Path, "{{version}}") }

// mode reads permission bits written in octal, as chmod takes them.
func (f FlagFile) mode() (fs.FileMode, bool) {
	n, err := strconv.ParseUint(string(f.Mode), 8, 32)
	return fs.FileMode(n), err == nil && n <= 0o777 && n&0o600 == 0o600 && n&0o133 == 0
}
