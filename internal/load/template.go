package load

import (
	"fmt"
	"regexp"
	"strings"
)

// template is a text with variables in it, written {{name}}.
type template struct {
	// texts and names alternate: texts[0] names[0] texts[1] ... texts[n].
	texts, names []string
}

var variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseTemplate reads a text. The error says which braces make no sense.
func parseTemplate(text string) (template, error) {
	var t template
	for {
		before, rest, found := strings.Cut(text, "{{")
		t.texts = append(t.texts, before)
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		name = strings.TrimSpace(name)
		if !closed {
			return t, &Flaw{Reason: "a {{ has no }}", Cure: "close it: {{name}}"}
		}
		if !variableForm.MatchString(name) {
			return t, &Flaw{Reason: fmt.Sprintf("{{%s}} is not a variable", name), Cure: "write letters, digits and _ between the braces, such as {{user_id}}"}
		}
		t.names = append(t.names, name)
		text = after
	}
}

// missingError says that a variable has no value yet.
type missingError struct{ name string }

func (e *missingError) Error() string {
	return fmt.Sprintf("{{%s}} has no value: the answer it is taken from never came", e.name)
}

// fill puts values in the place of the variables, each escaped.
func (t template) fill(look func(name string) (string, bool), escape func(string) string) (string, error) {
	if len(t.names) == 0 {
		return strings.Join(t.texts, ""), nil
	}
	var b strings.Builder
	for i, name := range t.names {
		b.WriteString(t.texts[i])
		value, ok := look(name)
		if !ok {
			return "", &missingError{name}
		}
		b.WriteString(escape(value))
	}
	b.WriteString(t.texts[len(t.texts)-1])
	return b.String(), nil
}

// plain leaves a value as it is.
func plain(value string) string { return value }
