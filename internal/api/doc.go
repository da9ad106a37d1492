// Package api is how people and programs talk to a controller: JSON over HTTP
// on a Unix socket that only its owner can open. It reads what the engine
// shows and writes only requests; it never acts on the world itself.
package api
