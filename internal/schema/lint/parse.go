package lint

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/wasilibs/go-pgquery/parser"
)

// longest is the longest text that is read, in bytes: migrations are written
// by people, what is longer is a dump.
const longest = 4 << 20

// parsing admits one text at a time: the parser sets up a machine of its own,
// some hundred megabytes of work, for every one that runs beside another.
var parsing sync.Mutex

// parsed is one statement of a text.
type parsed struct {
	node
	// text is the statement without the comments before it, at where it
	// begins in the whole, in bytes.
	text string
	at   int
}

// syntaxError says where a text stops being SQL, in bytes.
type syntaxError struct {
	at  int
	why string
}

// Error implements error.
func (e *syntaxError) Error() string { return e.why }

// parse splits a text into its statements; the error is a *syntaxError if the
// text is at fault.
func parse(sql string) ([]parsed, error) {
	if len(sql) > longest {
		return nil, &syntaxError{why: fmt.Sprintf("the text is longer than %d MiB", longest>>20)}
	}
	if at := strings.IndexByte(sql, 0); at >= 0 {
		return nil, &syntaxError{at: at, why: "there is a zero byte in the text"}
	}
	tree, err := parseTree(sql)
	if err != nil {
		return nil, err
	}
	var whole struct {
		Statements []struct {
			Node   node `json:"stmt"`
			At     int  `json:"stmt_location"`
			Length int  `json:"stmt_len"`
		} `json:"stmts"`
	}
	if err := json.Unmarshal([]byte(tree), &whole); err != nil {
		return nil, fmt.Errorf("read the parse tree: %w", err)
	}
	list := make([]parsed, 0, len(whole.Statements))
	for _, s := range whole.Statements {
		end := len(sql)
		if s.Length > 0 {
			end = s.At + s.Length
		}
		at := s.At + blank(sql[s.At:end])
		list = append(list, parsed{node: s.Node, text: strings.TrimSpace(sql[at:end]), at: at})
	}
	return list, nil
}

func parseTree(sql string) (string, error) {
	parsing.Lock()
	defer parsing.Unlock()
	tree, err := parser.ParseToJSON(sql)
	if err == nil {
		return tree, nil
	}
	if e, ok := err.(*parser.Error); ok {
		return "", &syntaxError{at: byteOf(sql, e.Cursorpos), why: e.Message}
	}
	return "", fmt.Errorf("parse the text: %w", err)
}

// byteOf turns the parser's position, characters counted from 1, into bytes.
func byteOf(sql string, position int) int {
	n := 0
	for at := range sql {
		if n++; n >= position {
			return at
		}
	}
	return len(sql)
}
