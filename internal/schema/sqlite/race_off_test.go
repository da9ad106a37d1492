//go:build !race

package sqlite_test

const slow = 1

const programs = 8
