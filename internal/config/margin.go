package config

import "strconv"

// Margin is how much worse something may be, written with a percent sign. A
// bare 0.01 could mean 1% as well as 0.01%, so it is refused.
type Margin float64

func (m *Margin) fromText(text string) error {
	f, err := percentage(text)
	if err != nil {
		return err
	}
	if f != 0 && text[len(text)-1] != '%' {
		cure := "write " + text + "%"
		if f < 1 {
			cure = "write " + strconv.FormatFloat(f*100, 'g', 6, 64) + "% or " + text + "%"
		}
		return &mistake{text + " has no percent sign", cure}
	}
	*m = Margin(f / 100)
	return nil
}

// String writes the margin with its sign.
func (m Margin) String() string { return strconv.FormatFloat(float64(m)*100, 'g', 6, 64) + "%" }

func (*Margin) form() string { return "a percentage such as 1%" }
