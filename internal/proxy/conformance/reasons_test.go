package conformance

import (
	"cmp"
	"slices"
)

// served has the reasons why nginx serves a request that is refused here.
var served = map[string]string{
	"TE behind a bare LF":                takesLF,
	"a bare LF at the end":               takesLF,
	"bare LFs":                           takesLF,
	"a chunk that ends in LF":            takesLF,
	"a size that ends in LF":             takesLF,
	"a last chunk that ends in LF":       takesLF,
	"a trailer that ends in LF":          takesLF,
	"a chunk with a blank behind":        "nginx skips blanks behind the size of a chunk; they have been used to hide a second request",
	"a control in a value":               "nginx passes control characters on to whoever logs them",
	"a header without a colon":           "nginx passes on a name without a value; the app may take it for anything",
	"a trailer with a length":            "nginx drops trailers unread",
	"a trailer with a space in its name": "nginx drops trailers unread",
	"an extension without end":           "nginx reads extensions of any length",
	"no version":                         "nginx still speaks HTTP/0.9",
	"two blanks before the target":       "nginx skips blanks; RFC 9112, 3 has exactly one",
}

const takesLF = "nginx takes a bare LF for the end of a line; other readers do not"

// notThisEncoding is the status alone.
const notThisEncoding = "RFC 9112, 6.1 allows 501 for an encoding nobody knows; here whatever could smuggle is 400"

// differences are the reasons why nginx refuses otherwise.
var differences = map[string]map[string]string{
	"TE chunked, identity":   {"status": notThisEncoding},
	"TE empty":               {"status": notThisEncoding},
	"TE gzip, chunked":       {"status": notThisEncoding},
	"TE identity":            {"status": notThisEncoding},
	"TE in quotes":           {"status": notThisEncoding},
	"TE with a vertical tab": {"status": notThisEncoding},
	"TE xchunked":            {"status": notThisEncoding},
}

func sorted(cases []exchange) []exchange {
	slices.SortFunc(cases, func(a, b exchange) int { return cmp.Compare(a.name, b.name) })
	return cases
}
