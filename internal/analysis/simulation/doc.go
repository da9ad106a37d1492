// Package simulation makes the traffic of releases up from a seed, so that
// tests and benchmarks can put verdicts beside what is known to be true. All
// requests are independent and come at random (Poisson) unless a scenario says
// otherwise.
package simulation
