// Package hazard knows what is written down of the releases of an app that
// somebody else makes: which of its migrations cost the users or the older
// version something, and which of its settings are gone in a newer one.
package hazard
