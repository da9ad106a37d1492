package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longest is how many bytes of a name PostgreSQL keeps; the rest would be cut
// off silently, and two names could become one.
const longest = 63

// Quote returns a name as an identifier that means exactly it.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Literal returns text as a string literal.
func Literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// Name joins parts to a name of at most 63 bytes. One that would be longer
// ends in a hash of all of it, so that different parts never get one name.
func Name(parts ...string) string {
	name := strings.Join(parts, "_")
	if len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	hash := hex.EncodeToString(sum[:6])
	return strings.ToValidUTF8(name[:longest-len(hash)-1], "") + "_" + hash
}
