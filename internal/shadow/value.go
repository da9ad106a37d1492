package shadow

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// class says what kind of value stands somewhere, in a word.
func class(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case string:
		return textClass(v)
	}
	return "unknown"
}

// textClass tells the kinds of text apart that a program would notice.
func textClass(s string) string {
	if s == "" {
		return "empty text"
	}
	if uuidForm.MatchString(s) {
		return "UUID"
	}
	if len(s) >= len("2006-01-02T15:04:05Z") && len(s) <= 40 && s[4] == '-' {
		if _, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "T", 1)); err == nil {
			return "time"
		}
	}
	return "text"
}

// relative is how far two numbers may be apart that are equal but for the
// arithmetic that made them.
const relative = 1e-9

func numbersEqual(a, b json.Number) bool {
	if a == b {
		return true
	}
	if isInteger(a) && isInteger(b) {
		return false
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	if errX != nil || errY != nil {
		return false
	}
	return x == y || math.Abs(x-y) <= relative*max(math.Abs(x), math.Abs(y))
}

func isInteger(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }
