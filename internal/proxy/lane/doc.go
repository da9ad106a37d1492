// Package lane carries requests between clients and endpoints. Full is the
// lane that understands everything net/http does: uploads, trailers, 1xx,
// upgrades, streams. Which endpoint serves, and what is counted, is the
// board's business, so that a faster lane for plain requests can stand
// beside this one.
package lane
