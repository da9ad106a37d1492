// Package proxy is cutover's data plane: a process of its own that routes
// requests to the two sides of each app and goes on doing so when the control
// plane is gone. See DESIGN.md beside this file.
package proxy
