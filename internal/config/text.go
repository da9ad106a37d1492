package config

// Text is a value that may be written without quotes even where YAML would
// read a number or yes/no: a version such as 4.10, a variable such as true.
// It holds what was written, character by character.
type Text string

func (t *Text) fromText(text string) error {
	*t = Text(text)
	return nil
}

func (*Text) form() string { return "text" }
