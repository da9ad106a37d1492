// Package former is how a proxy speaks to those before it: processes that have
// handed their addresses over and still carry requests to their end. Each of
// them listens on a socket of its own beside the admin socket, so that a
// successor finds it even if the one it handed over to has died.
package former
