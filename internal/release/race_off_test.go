//go:build !race

package release_test

const raceDetector = false
