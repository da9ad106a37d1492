package config

// Allowance is how much worse a version may be and still go on: a percentage,
// or auto for what the traffic permits.
type Allowance float64

const autoAllowance = "auto"

func (a *Allowance) fromText(text string) error {
	if text == autoAllowance {
		*a = 0
		return nil
	}
	var m Margin
	if err := m.fromText(text); err != nil {
		return err
	}
	if m == 0 {
		return &mistake{text + " can be shown by no amount of evidence", "write auto, or a percentage such as 1%"}
	}
	*a = Allowance(m)
	return nil
}

// String writes it as a file has it.
func (a Allowance) String() string {
	if a == 0 {
		return autoAllowance
	}
	return Margin(a).String()
}

func (*Allowance) form() string { return "a percentage such as 1%, or auto" }
