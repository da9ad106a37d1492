// Package config turns the files a person writes into a release.Plan. It
// reads the files that are named and nothing else, holds everything in
// memory, and reports all mistakes at once, each with its place and its
// cure. See DESIGN.md beside this file.
package config
