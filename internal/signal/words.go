package signal

import "fmt"

// who names a side.
func (c comparison) who(side Side) string {
	switch side {
	case Old:
		return c.names.Old
	case New:
		return c.names.New
	}
	return "both sides together"
}

// reference names what the new side is compared with.
func (c comparison) reference() string {
	if c.s.Compare == WithBaseline {
		return "before the release"
	}
	return c.names.Old
}

// words states the numbers and what is permitted.
func (c comparison) words(v Values, limit float64) string {
	judged := c.s.judged()
	text := c.who(judged) + " " + c.quantity(v.Of(judged).Value)
	if why := v.Of(judged).Why; why != "" {
		text += " (at least: " + why + ")"
	}
	bound := "at most"
	if c.s.Worse == Lower {
		bound = "at least"
	}
	if c.s.Compare == WithLimit {
		if judged == New && v.Old.Known {
			text += ", " + c.names.Old + " " + c.quantity(v.Old.Value)
		}
		return fmt.Sprintf("%s; %s %s is permitted", text, bound, c.quantity(limit))
	}
	other := v.Old
	if c.s.Compare == WithBaseline {
		other = v.Baseline
	}
	return fmt.Sprintf("%s, %s %s; %s %s is permitted", text, c.reference(), c.quantity(other.Value), bound, c.quantity(limit))
}

func (c comparison) quantity(v float64) string { return Quantity{v, c.s.Unit}.String() }
