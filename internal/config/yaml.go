package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxDepth bounds how deep values may be nested; the deepest key has six
// levels.
const maxDepth = 32

// yamlError is a mistake in the notation itself. Line and column are within
// the text that was parsed.
type yamlError struct {
	mistake
	line, column int
}

func (e *yamlError) Error() string { return e.mistake.Error() }

// parseYAML reads one or more documents. This file alone knows the YAML
// library. Anchors, aliases, merge keys and tags are refused: a value must be
// readable where it stands. Text that is not YAML is a *yamlError.
func parseYAML(text string) ([]*node, error) {
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, notation(text, err)
	}
	var docs []*node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		n, err := convert(d.Body, 0)
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
	return docs, nil
}

func convert(from ast.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, refuse(from, fmt.Sprintf("nested deeper than %d levels", maxDepth), "no key needs that; check the brackets")
	}
	n := &node{}
	n.line, n.column = position(from.GetToken())
	switch v := from.(type) {
	case *ast.StringNode:
		n.text = v.Value
		n.quoted = v.Token.Type == token.DoubleQuoteType || v.Token.Type == token.SingleQuoteType
	case *ast.LiteralNode:
		n.text = v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = numberKind, from.GetToken().Value
	case *ast.BoolNode:
		n.kind, n.text = truthKind, from.GetToken().Value
	case *ast.NullNode:
		n.kind = emptyKind
	case *ast.MappingNode:
		n.kind = mappingKind
		return n, n.takePairs(v, depth)
	case *ast.SequenceNode:
		n.kind = listKind
		return n, n.takeItems(v, depth)
	default:
		return nil, refuse(from, "anchors (&), aliases (*), merge keys (<<) and tags (!) are not part of these files",
			"write the value itself, in quotes if it is text")
	}
	return n, nil
}

func (n *node) takePairs(from *ast.MappingNode, depth int) error {
	for i, v := range from.Values {
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		default:
			return refuse(v.Key, "a key must be plain text", "write key: value")
		}
		p := pair{key: v.Key.GetToken().Value}
		p.line, p.column = position(v.Key.GetToken())
		if i == 0 && !from.IsFlowStyle {
			n.line, n.column = p.line, p.column
		}
		var err error
		if p.value, err = convert(v.Value, depth+1); err != nil {
			return err
		}
		if p.value.kind == emptyKind || isBlock(v.Value) {
			p.value.line, p.value.column = p.line, p.column
		}
		n.pairs = append(n.pairs, p)
	}
	return nil
}

// isBlock reports a group or list on lines of its own: its place is that of
// its key, where a person looks.
func isBlock(n ast.Node) bool {
	switch v := n.(type) {
	case *ast.MappingNode:
		return !v.IsFlowStyle
	case *ast.SequenceNode:
		return !v.IsFlowStyle
	}
	return false
}

func (n *node) takeItems(from *ast.SequenceNode, depth int) error {
	for _, v := range from.Values {
		item, err := convert(v, depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return nil
}

func position(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return max(t.Position.Line, 1), max(t.Position.Column, 1)
}

func refuse(at ast.Node, reason, cure string) error {
	line, column := position(at.GetToken())
	return &yamlError{mistake{reason, cure}, line, column}
}

// cures maps what the YAML library says to what a person can do. The first
// match counts.
var cures = []struct {
	says   *regexp.Regexp
	reason string
	cure   string
}{
	{regexp.MustCompile(`could not find flow map content|unexpected key name`), "a value begins with {", `text with {{...}} at its beginning needs quotes: "{{version}}"`},
	{regexp.MustCompile(`value is not allowed in this context`), "this line's indentation fits no level above it", "indent keys of one group by the same number of spaces"},
	{regexp.MustCompile(`mapping value is not allowed`), `a second ": " on one line`, `put text that contains ": " in quotes`},
	{regexp.MustCompile(`block sequence entries are not allowed`), "a list begins in the middle of a line", "begin it on the next line, or write [a, b]"},
	{regexp.MustCompile(`non-map value`), "text without a key", "write key: value, or put a text of several lines in quotes"},
	{regexp.MustCompile(`'}'`), "a { has no }", "close the bracket on this line or one before"},
	{regexp.MustCompile(`']'`), "a [ has no ]", "close the bracket on this line or one before, or put a comma between the values"},
	{regexp.MustCompile(`double-quoted|single-quoted`), "a quote that is not closed", "close the quote on the same line"},
	{regexp.MustCompile(`reserved character`), "a value begins with a character that YAML reserves", "put the text in quotes"},
}

// notation turns a syntax error into a person's words. A tab is looked for
// first because it makes the library stumble in many ways.
func notation(text string, err error) *yamlError {
	if line := tabbed(text); line > 0 {
		return &yamlError{mistake{"a tab is used for indentation", "YAML wants spaces: replace the tab"}, line, 1}
	}
	e := &yamlError{mistake: mistake{"this is not YAML: " + firstLine(err.Error()), "check indentation, quotes and brackets here and on the line before"}, line: 1, column: 1}
	y, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return e
	}
	e.line, e.column = position(y.GetToken())
	e.reason = "this is not YAML: " + firstLine(y.GetMessage())
	for _, c := range cures {
		// "mapping value is not allowed" must not match the shorter phrase.
		if loc := c.says.FindStringIndex(y.GetMessage()); loc != nil && !strings.HasSuffix(y.GetMessage()[:loc[0]], "mapping ") {
			e.reason, e.cure = c.reason, c.cure
			break
		}
	}
	return e
}

// tabbed returns the first line that is indented with a tab, 0 for none.
func tabbed(text string) int {
	for i, line := range strings.Split(text, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if strings.Contains(indent, "\t") && strings.TrimSpace(line) != "" {
			return i + 1
		}
	}
	return 0
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return printable(s)
}
