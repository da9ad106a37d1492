package shadow

import "strings"

// Key is a place in an answer, and in which manner answers differ there.
type Key struct {
	// Path is "answer", "status", "header NAME", "body", "latency", or a path
	// into a JSON body such as $.items[].price.
	Path string
	Kind Kind
}

// Kind is a manner of differing.
type Kind string

// The kinds. Each is measured for itself: where the value of a field changes
// with every answer, the loss of the field can still be seen.
const (
	Value   Kind = "another value"
	Type    Kind = "another type"
	Missing Kind = "missing"
	Extra   Kind = "new"
	Order   Kind = "another order"
	// Token is a text that is equal but for what looks like an id, a time, a
	// version or a token: names of assets change with every release.
	Token Kind = "another token"
	// Slower is a difference of time: a side without users and one with them
	// are not equally busy.
	Slower Kind = "slower"
)

// informs reports whether a kind only informs and never fails a version.
func (k Kind) informs() bool { return k == Slower || k == Token }

// Seen is a difference that was found, with what it was and is in words that
// give no value away, such as "number" and "null".
type Seen struct {
	Key
	Was, Is string
}

// String writes the key as a person reads it.
func (k Key) String() string { return k.Path + ": " + string(k.Kind) }

// maxPath bounds the length of a path, and so what is kept of an answer.
const maxPath = 160

func clipped(path string) string {
	if len(path) > maxPath {
		return strings.ToValidUTF8(path[:maxPath], "") + "..."
	}
	return path
}
