package environ

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Masked stands where something secret was.
const Masked = "***"

// shortest is the length below which a value is not masked: it would tear
// holes into unrelated words and is no secret worth the name.
const shortest = 4

// urlPassword matches the password in addresses such as
// postgres://user:password@host, which programs like to print when they fail.
var urlPassword = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)

// Mask returns text without the secrets given, and without passwords in
// addresses. A secret of several lines is masked line by line as well,
// because logs are read that way.
func Mask(text string, secrets ...string) string {
	var parts []string
	for _, secret := range secrets {
		for _, part := range append(strings.Split(secret, "\n"), secret) {
			if part = strings.TrimSpace(part); len(part) >= shortest {
				parts = append(parts, part)
			}
		}
	}
	// The longest first: one secret may contain another.
	slices.SortFunc(parts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, part := range parts {
		text = strings.ReplaceAll(text, part, Masked)
	}
	return urlPassword.ReplaceAllString(text, "${1}"+Masked+"@")
}
