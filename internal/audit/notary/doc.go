// Package notary signs how far a journal has reached, so that it can be proven
// later, from outside and to others, that nothing of it was rewritten, cut off
// or put back to an older copy. Each statement is a signed note (the format of
// golang.org/x/mod/sumdb/note) with the record's number, its hash and the time.
package notary
