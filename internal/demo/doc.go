// Package demo shows what cutover does: real processes of a small shop, real
// users on real connections, a control plane that is killed midway, a version
// that is bad, and one that is taken back from standby. It needs nothing but
// the program it is part of.
package demo
