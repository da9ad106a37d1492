package proxy

import (
	"path/filepath"
	"time"

	"cutover/internal/proxy/former"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
)

// The words of a takeover, in their order. Until mine is said the process that
// runs is the one in charge, and a bare end of the conversation means that the
// other process has died:
//
//	new                         old
//	hello                 -->
//	                      <--   offer: lock, sockets, listeners, table
//	ready: all is adopted -->
//	                      <--   accounts; refuses orders and questions from here on
//	serving: takes requests,
//	answers questions     -->
//	                      <--   yours
//	mine: takes orders    -->   takes no more connections, drains
const (
	wordHello    = "hello"
	wordOffer    = "offer"
	wordReady    = "ready"
	wordAccounts = "accounts"
	wordServing  = "serving"
	wordYours    = "yours"
	wordMine     = "mine"
	wordAbort    = "abort"
)

// protocol is the number of this way to speak.
const protocol = 1

// handoverPatience bounds a takeover from the first word to the last.
const handoverPatience = 10 * time.Second

// word is one message of a takeover.
type word struct {
	Word string `json:"word"`
	// Reason is why a takeover is given up.
	Reason   string    `json:"reason,omitempty"`
	Protocol int       `json:"protocol,omitempty"`
	Version  string    `json:"version,omitempty"`
	Offer    *offer    `json:"offer,omitempty"`
	Accounts *accounts `json:"accounts,omitempty"`
}

// offer comes with the files: the lock, the admin socket and the listeners.
type offer struct {
	Table  route.Table `json:"table"`
	Epoch  string      `json:"epoch"`
	Socket string      `json:"socket"`
	// Listeners are the addresses in the order of their files.
	Listeners []string `json:"listeners,omitempty"`
}

// accounts is what the successor goes on with.
type accounts struct {
	Users    ledger.Estate   `json:"users,omitempty"`
	Ancestry former.Ancestry `json:"ancestry"`
}

// nextSocket is where a running proxy can be taken over; no longer than the
// admin socket's name.
func nextSocket(stateDir string) string { return filepath.Join(stateDir, "next.sock") }
