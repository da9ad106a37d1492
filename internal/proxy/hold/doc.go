// Package hold keeps requests waiting for a moment while no instance of their
// app can take them, instead of turning them away. It knows no HTTP: a room
// says who waits, in which order, for how long, and when to try.
package hold
