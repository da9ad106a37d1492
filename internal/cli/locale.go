package cli

import "strings"

// speaksUTF8 reports whether the locale says that the terminal shows more than
// ASCII: the first of the variables that is set decides, as it does for every program.
func speaksUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
