// Package keyring holds the certificates that the proxy shows: it chooses
// among them by the name a client asks for, reads files anew when they change
// and keeps the last good ones when the new ones cannot be used.
package keyring
