// Package platformtest has the tests every platform must pass, and the small
// web server they run as the app. A platform's own test calls Run, and
// Program from its TestMain.
package platformtest

import (
	"context"
	"testing"

	"cutover/internal/release"
)

// Platform is what is tested: the engine's port of the same name.
type Platform interface {
	// Observe lists the instances of app, including those that ended.
	Observe(ctx context.Context, app string) ([]release.Instance, error)
	// Start brings a side to a number of running instances.
	Start(ctx context.Context, order release.StartOrder) error
	// Stop ends the named instances.
	Stop(ctx context.Context, order release.StopOrder) error
}

// Setup is what a test needs of the platform under test. Each test gets its
// own, and shares nothing with any other.
type Setup struct {
	// App is a name no other test uses.
	App string
	// Open opens the platform as a controller does that starts. Called again
	// it stands for the next controller: it works on what is there.
	Open func() Platform
	// Artefact runs Program with args. The suite sets Health and Stop itself.
	Artefact func(args ...string) release.Artefact
	// Cannot names tests of things that the platform cannot do by its nature,
	// each with the reason.
	Cannot map[string]string
}

// Run runs the whole suite. setup must see to it that nothing is left behind
// when its test has ended, and fail the test otherwise.
func Run(t *testing.T, setup func(t *testing.T) Setup) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if s := setup(t); applies(t, s, test.name) {
				test.run(newStage(t, s))
			}
		})
	}
}

// tests are in the order of an instance's life.
var tests = []struct {
	name string
	run  func(*stage)
}{
	{"StartBringsASideToItsNumber", startBringsASideToItsNumber},
	{"RepeatingAStartChangesNothing", repeatingAStartChangesNothing},
	{"ALargerNumberAddsToWhatRuns", aLargerNumberAddsToWhatRuns},
	{"StartNeverStopsAnything", startNeverStopsAnything},
	{"AnInstanceKnowsWhoItIs", anInstanceKnowsWhoItIs},
	{"BothSidesLiveTogether", bothSidesLiveTogether},
	{"ASideNeverMixesTwoVersions", aSideNeverMixesTwoVersions},
	{"ComponentsShareASideAndNothingElse", componentsShareASide},
	{"WhatCannotRunIsRefusedBeforeAnythingIsStarted", whatCannotRunIsRefused},
	{"AnInstanceIsReadyOnlyWhenItSaysSo", anInstanceIsReadyOnlyWhenItSaysSo},
	{"AnOpenPortIsEnoughWithoutAPath", anOpenPortIsEnoughWithoutAPath},
	{"ReadinessIsLostAfterFailuresInARow", readinessIsLostAfterFailuresInARow},
	{"AnInstanceThatDoesNotAnswerHidesNoOther", anInstanceThatDoesNotAnswerHidesNoOther},
	{"AProgramThatEndsAtOnceIsSeenWithItsReason", aProgramThatEndsAtOnceIsSeen},
	{"AnInstanceThatEndedIsStartedAgainAndCounted", anInstanceThatEndedIsStartedAgain},
	{"TheNextControllerAdoptsWhatRuns", theNextControllerAdoptsWhatRuns},
	{"StopEndsExactlyTheInstancesNamed", stopEndsExactlyTheInstancesNamed},
	{"StoppingTwiceOrUnknownInstancesIsNoError", stoppingTwiceIsNoError},
	{"AnInstanceThatIgnoresItsSignalIsKilledAfterGrace", ignoringTheSignalIsNoUse},
	{"NoIDIsEverUsedTwice", noIDIsEverUsedTwice},
	{"AnOlderControllerIsRefused", anOlderControllerIsRefused},
	{"AnAppNobodyStartedHasNoInstances", anUnknownAppHasNoInstances},
}
