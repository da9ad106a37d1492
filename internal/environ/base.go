// Package environ says what a program that cutover starts finds in its
// environment, and keeps what is secret in it out of sight.
package environ

import "os"

// passedOn are the variables a program needs to find its way on a machine.
// Nothing else of cutover's own environment is handed on, so that no secret
// meant for one app reaches another.
var passedOn = []string{"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"}

// Base returns the variables every program gets, as NAME=value, as far as
// they are set for cutover itself.
func Base() []string {
	var env []string
	for _, name := range passedOn {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
