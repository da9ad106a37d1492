// Package load is a crowd of users on one machine: it sends requests at a
// steady rate, holds slow requests and streams open, never tries anything
// again by itself, and accounts for every single request. What it reports
// can be laid beside the ledger of the proxy it spoke to. See DESIGN.md.
package load
