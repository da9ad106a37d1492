// Package crashtest proves that killing the control plane loses nothing. It
// has only tests: real controllers, instances and a real data plane under
// load, whose controller is killed with SIGKILL right before and right after
// every record of the journal that a release writes. See DESIGN.md beside
// this file.
package crashtest
