// Package analysis compares what two versions did and says whether the new one
// is worse, good enough to go on with, or neither yet. It is pure: readings
// come in, verdicts go out; time is a value in the readings. However often it
// is asked, a version that is no worse is called failing with a probability of
// at most Settings.Rollback. DESIGN.md has the formulas, what they assume and
// what they do not promise.
package analysis
