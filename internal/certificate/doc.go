// Package certificate reads certificates and keys from files and says in plain
// words what is wrong with them. The files are looked at when a file of cutover
// is judged, when a route is ordered and while it is served: always by the same
// rules.
package certificate
