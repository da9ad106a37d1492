// Package synthetic sends the synthetic requests of releases: pairs of the same
// request, one to an instance of each side, at their own pace. Asking what came
// of them never waits for an answer. See DESIGN.md.
package synthetic
