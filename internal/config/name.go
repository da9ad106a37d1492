package config

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`)
	versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)
	envForm     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	headerForm  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")
	notInName   = regexp.MustCompile(`[^a-z0-9-]+`)
)

// checkName reports a name that cannot be part of file and host names.
func checkName(name, path string, tell report) {
	if name == "" || nameForm.MatchString(name) {
		return
	}
	cure := "use a-z, 0-9 and -, at most 41 characters, beginning with a letter or digit"
	if better := suggestName(name); better != "" {
		cure += `, such as "` + better + `"`
	}
	tell(path, fmt.Sprintf("%q is not a name", name), cure)
}

func suggestName(name string) string {
	s := strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return strings.TrimRight(s[:min(len(s), 41)], "-")
}

// checkVersion reports a version that cannot be part of paths and commands.
func checkVersion(version Text, path string, tell report) {
	if version == "" || versionForm.MatchString(string(version)) {
		return
	}
	tell(path, fmt.Sprintf("%q is not a version", string(version)),
		"use letters, digits, dot, _, + and -, at most 64 characters, beginning with a letter or digit")
}
