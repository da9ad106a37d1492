package config

import "strings"

// Command is a program with its arguments: a list of words, or one text that
// is split into words at spaces, with quotes but without a shell.
type Command struct {
	text string
	list []string
}

func (c *Command) fromText(text string) error {
	*c = Command{text: text}
	return nil
}

func (c *Command) fromList(words []Text) {
	*c = Command{list: make([]string, len(words))}
	for i, w := range words {
		c.list[i] = string(w)
	}
}

// String writes the command on one line.
func (c Command) String() string {
	if c.list == nil {
		return c.text
	}
	return strings.Join(c.list, " ")
}

func (*Command) form() string { return "a command: a list of words or one text" }

// given reports whether a command was written at all.
func (c Command) given() bool { return c.list != nil || c.text != "" }

// args returns the argument vector. With shell, it begins with sh -c.
func (c Command) args(shell bool) ([]string, error) {
	words := c.list
	switch {
	case shell && c.list != nil:
		return nil, &mistake{"a shell takes one text, not a list", "write the command as one text, or remove shell: true"}
	case shell && strings.TrimSpace(c.text) != "":
		return []string{"sh", "-c", c.text}, nil
	case c.list == nil:
		var err error
		if words, err = splitWords(c.text); err != nil {
			return nil, err
		}
	}
	if len(words) == 0 || words[0] == "" {
		return nil, &mistake{"the command names no program", `write one such as ["./shop", "--port", "{{port}}"]`}
	}
	return words, nil
}
