package store

import "strings"

// Head is the end of the journal. An empty journal has Seq 0 and 64 zeros.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Start returns the head of an empty journal.
func Start() Head { return Head{Hash: strings.Repeat("0", 64)} }
