package embedded

import (
	"testing"

	"cutover/internal/release"
	"cutover/internal/traffic/traffictest"
)

func TestTheDataPlaneIsAFrontEnd(t *testing.T) {
	t.Parallel()
	traffictest.Run(t, func(t *testing.T) *traffictest.Stage {
		p := newProcess(t)
		ensure(t, p)
		return &traffictest.Stage{
			Member: &Router{Client: p.Client}, Resumes: true, Books: true,
			Front: release.Front{Listen: address(), Path: "/", Sticky: release.Sticky{Cookie: traffictest.Cookie}},
			Kill:  func() { kill(t, p) }, Revive: func() { ensure(t, p) },
		}
	})
}
