// Package load sends HTTP requests the way users would and says how the
// answers were: an open model in which requests are due at a rate whatever the
// answers do, or a closed one in which users wait for an answer before they
// go on. What is sent, how much and where to is a Plan; Run carries it out.
// DESIGN.md says what the figures mean.
package load
