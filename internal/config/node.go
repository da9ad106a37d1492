package config

// node is one YAML value with the place it was written at.
type node struct {
	kind kind
	// text is a scalar as it was written, without quotes.
	text   string
	quoted bool
	// line and column count from 1.
	line, column int
	pairs        []pair
	items        []*node
}

// pair is one key of a mapping. A key may appear more than once; the decoder
// reports that.
type pair struct {
	key          string
	line, column int
	value        *node
}

type kind int

const (
	textKind kind = iota
	numberKind
	truthKind
	emptyKind
	mappingKind
	listKind
)

func (k kind) scalar() bool { return k == textKind || k == numberKind || k == truthKind }

// describe says what a person wrote, in a person's words.
func (n *node) describe() string {
	switch n.kind {
	case numberKind:
		return "the number " + n.text
	case truthKind:
		return "the yes/no value " + n.text
	case emptyKind:
		return "empty"
	case mappingKind:
		return "a group of keys"
	case listKind:
		return "a list"
	}
	return "text"
}

// find returns the value of a key of a mapping.
func (n *node) find(key string) (*node, bool) {
	for _, p := range n.pairs {
		if p.key == key {
			return p.value, true
		}
	}
	return nil, false
}
