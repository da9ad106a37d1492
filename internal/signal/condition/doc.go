// Package condition judges a release by sentences of its user's own, written
// in CEL. What a sentence may name is known when it is compiled, what it may
// cost is bounded, and it must be true or false. If a number that it names is
// missing, it is neither: it waits, whatever else it says.
package condition
