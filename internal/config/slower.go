package config

import "cutover/internal/release"

// Slower is how much slower a version may be: a percentage, or any.
type Slower float64

const anySlower = "any"

func (s *Slower) fromText(text string) error {
	if text == anySlower {
		*s = release.AnySlower
		return nil
	}
	var m Margin
	if err := m.fromText(text); err != nil {
		return err
	}
	*s = Slower(m)
	return nil
}

// String writes it as a file has it.
func (s Slower) String() string {
	if s == release.AnySlower {
		return anySlower
	}
	return Margin(s).String()
}

func (*Slower) form() string { return "a percentage such as 5%, or any" }

func (s Slower) resolve() float64 { return float64(s) }
