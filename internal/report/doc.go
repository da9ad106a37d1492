// Package report tells the whole of a release out of its journal records: who
// released what and when, how it ended and why, and all the evidence. Gather
// reads the records, Text, Markdown and HTML show what was gathered. None of them
// looks at a clock, a file or a network: the same records make the same report.
package report
