// Package analysis puts the verdicts of internal/analysis beside the rules of
// other release controllers, written anew from their code and documentation,
// on the same made-up traffic: how often each takes back a release that is no
// worse, and how soon, at how many failed requests, one that is.
//
//	make bench-analysis
//
// The others are not run: their rules get windows that are exact and fresh at
// once, which real scrapes are not.
package analysis
