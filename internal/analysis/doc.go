// Package analysis compares what two versions did and says whether the new one
// is worse. It is pure: counts come in, verdicts go out.
package analysis
