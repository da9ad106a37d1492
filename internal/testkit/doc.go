// Package testkit holds what tests of several packages need and what no
// program may import: free ports, waiting for a condition without sleeping,
// and real processes made by running the test binary again.
package testkit
