package config

import (
	"fmt"
	"strings"
	"unicode"
)

// excerptWidth is how many characters of a line an excerpt shows at most.
const excerptWidth = 120

// excerpt shows a line with a caret below the column (from 1). Values that
// look secret are masked, and nothing in it can steer a terminal.
func excerpt(line string, number, column int) string {
	chars := []rune(line)
	before := min(max(column-1, 0), len(chars))
	shown := []rune(mask(printable(line)))
	caret := min(len([]rune(mask(printable(string(chars[:before]))))), len(shown))
	if caret > excerptWidth-20 {
		cut := caret - excerptWidth/2
		shown, caret = append([]rune("..."), shown[cut:]...), caret-cut+3
	}
	if len(shown) > excerptWidth {
		shown = append(shown[:excerptWidth:excerptWidth], []rune("...")...)
	}
	return fmt.Sprintf("%5d | %s\n      | %s^", number, string(shown), strings.Repeat(" ", caret))
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}
