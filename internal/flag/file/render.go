package file

import (
	"bytes"
	"encoding/json"
	"fmt"

	"cutover/internal/release"
)

// flagd is a file as flagd and OpenFeature's in-process providers read it.
type flagd struct {
	Schema string               `json:"$schema"`
	Flags  map[string]flagdFlag `json:"flags"`
}

// flagdFlag is always ENABLED: a DISABLED one gives the default that stands in
// the app's code, which may be anything.
type flagdFlag struct {
	State     string          `json:"state"`
	Variants  map[string]bool `json:"variants"`
	Default   string          `json:"defaultVariant"`
	Targeting targeting       `json:"targeting,omitempty"`
}

const (
	flagdSchema = "https://flagd.dev/schema/v0/flags.json"
	enabled     = "ENABLED"
	variantOn   = "on"
	variantOff  = "off"
)

// render writes the flags in the file's format. The same flags give the same
// bytes.
func render(f release.FlagFile, flags []release.FlagValue) ([]byte, error) {
	var v any
	switch f.Format {
	case release.FlagsPlain:
		plain := map[string]bool{}
		for _, one := range flags {
			if len(one.OffFor) > 0 {
				return nil, fmt.Errorf("a plain file cannot say that %s is off%s alone: use the format flagd", one.Name, one.OffFor[0].For())
			}
			plain[one.Name] = one.On
		}
		v = plain
	case release.FlagsFlagd:
		out := flagd{Schema: flagdSchema, Flags: map[string]flagdFlag{}}
		for _, one := range flags {
			out.Flags[one.Name] = flagdOf(one)
		}
		v = out
	default:
		return nil, fmt.Errorf("write flags: this cutover knows no format %q: use the version that recorded the release", f.Format)
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write flags: %w", err)
	}
	return append(text, '\n'), nil
}

func flagdOf(one release.FlagValue) flagdFlag {
	f := flagdFlag{State: enabled, Variants: map[string]bool{variantOn: true, variantOff: false}, Default: variantOff, Targeting: one.OffFor}
	if one.On {
		f.Default = variantOn
	}
	return f
}

// written reports whether a text is of the form that render gives, in either
// format.
func written(text []byte) bool {
	var plain map[string]bool
	if json.Unmarshal(text, &plain) == nil && plain != nil {
		return true
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var f flagd
	if dec.Decode(&f) != nil || f.Schema != flagdSchema {
		return false
	}
	for _, one := range f.Flags {
		if one.State != enabled || len(one.Variants) != 2 || !one.Variants[variantOn] || one.Variants[variantOff] {
			return false
		}
	}
	return true
}
