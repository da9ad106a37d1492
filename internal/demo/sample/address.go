package sample

import "strings"

// Address is where something is delivered to. Every version of the shop
// speaks of its Line; the first keeps that as a Street, the later ones keep
// its parts, and each shows in its answers what it keeps.
type Address struct {
	ID          string `json:"id"`
	Line        string `json:"line"`
	Street      string `json:"street,omitempty"`
	StreetName  string `json:"streetName,omitempty"`
	HouseNumber string `json:"houseNumber,omitempty"`
}

const longestLine = 200

// tidy returns a line without needless spaces, so that it comes together
// again from its parts as it was. It is empty if the line is no address.
func tidy(line string) string {
	line = strings.Join(strings.Fields(line), " ")
	if len(line) > longestLine {
		return ""
	}
	return line
}

// parts returns the name of the street and the house number, "" for none: it
// is the last word, if that begins with a digit.
func parts(line string) (name, number string) {
	at := strings.LastIndexByte(line, ' ')
	if at < 0 || line[at+1] < '0' || line[at+1] > '9' {
		return line, ""
	}
	return line[:at], line[at+1:]
}
