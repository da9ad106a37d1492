package redis

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// first is how many bytes of a value are looked at.
const first = 48

// marks are the beginnings that tell a form, the longer ones first.
var marks = []struct{ begins, form string }{
	{"\xac\xed\x00\x05", "Java serialization"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x04\x22\x4d\x18", "lz4"}, {"\xfd7zXZ", "xz"}, {"BZh", "bzip2"},
	{"PAR1", "Parquet"}, {"ARROW1", "Arrow"}, {"\x1f\x8b", "gzip"}, {"\x04\x08", "Ruby Marshal"},
	{"\x78\x01", "zlib"}, {"\x78\x5e", "zlib"}, {"\x78\x9c", "zlib"}, {"\x78\xda", "zlib"},
}

var (
	phpForm   = regexp.MustCompile(`^(a:\d+:\{|O:\d+:"|s:\d+:"|i:-?\d+;|b:[01];)`)
	marker    = regexp.MustCompile(`^\{\s*"(_?v|_?version|_?schema|schema_version)"\s*:\s*"?v?(\d{1,4})"?\s*[,}]`)
	textMark  = regexp.MustCompile(`^v(\d{1,4})[:|]`)
	numerical = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
)

// formOf tells the form of a string value by its first bytes, without showing
// anything of it but a number that marks its form.
func formOf(head []byte) string {
	switch {
	case len(head) == 0:
		return "empty"
	case head[0] == '!' && len(head) > 1 && head[1] == 0x80: // cachelib's mark
		return "! and " + formOf(head[1:])
	case len(head) > 1 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5:
		return fmt.Sprintf("pickle protocol %d", head[1])
	}
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.begins)) {
			return m.form
		}
	}
	if !readable(head) {
		return binaryForm(head[0])
	}
	return textForm(strings.TrimLeft(string(head), " \t\r\n"))
}

// binaryForm tells msgpack's maps and arrays from the rest.
func binaryForm(b byte) string {
	if b >= 0x81 && b <= 0x9f || b == 0xdc || b == 0xdd || b == 0xde || b == 0xdf {
		return "msgpack"
	}
	return "binary"
}

func textForm(text string) string {
	if m := marker.FindStringSubmatch(text); m != nil {
		return "JSON marked " + m[2]
	}
	if m := textMark.FindStringSubmatch(text); m != nil {
		return "text marked v" + m[1]
	}
	switch {
	case text == "":
		return "text"
	case phpForm.MatchString(text):
		return "PHP serialization"
	case text[0] == '{' || text[0] == '[':
		return "JSON"
	case numerical.MatchString(text):
		return "number"
	case text[0] == '<':
		return "markup"
	}
	return "text"
}

// readable reports whether the bytes are text, the last sign perhaps cut.
func readable(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return len(head) < utf8.UTFMax && !utf8.FullRune(head)
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return false
		}
		head = head[n:]
	}
	return true
}
