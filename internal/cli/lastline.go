package cli

import "strings"

// lastOf returns the last line that is not empty.
func lastOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimPrefix(lines[len(lines)-1], "cutover: ")
}
