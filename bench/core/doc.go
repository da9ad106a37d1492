// Package core measures the pure core: how many decisions a second one
// processor makes, and how many whole releases, faults and all invariant
// checks included, the property tests can play in that time. It is what makes
// it affordable to test every change with ten thousand histories.
//
//	go test -bench . ./bench/core
package core
