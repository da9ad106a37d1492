// Package mirror sends copies of requests to a side that answers nobody, and
// once more to the side that answered, and has the answers compared. It can be
// slow, fail or be switched off at any moment without a request noticing:
// copies are handed over without waiting, or dropped and counted.
package mirror
