package config

import (
	"strconv"
	"strings"
)

// Ratio is a share of a whole, written from 0 to 1 or with a percent sign.
type Ratio float64

func (r *Ratio) fromText(text string) error {
	if strings.HasSuffix(text, "%") {
		f, err := percentage(text)
		*r = Ratio(f / 100)
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return &mistake{strconv.Quote(text) + " is not a share between 0 and 1", "write one such as 0.3 or 30%"}
	}
	*r = Ratio(f)
	return nil
}

// String writes the share as a number.
func (r Ratio) String() string { return strconv.FormatFloat(float64(r), 'g', 6, 64) }

func (*Ratio) form() string { return "a share such as 0.3 or 30%" }
