package platformtest

import "cutover/internal/release"

// componentsShareASide starts a worker of another version beside the component
// with users: each has its own number and its own version.
func componentsShareASide(s *stage) {
	web := s.runs(release.Blue, "1.0", 1)
	worker := s.order(release.Blue, "2.0", 2)
	worker.Component = "worker"
	s.start(worker)
	s.start(worker)
	list := s.ready(3)
	count := map[string]int{}
	for _, in := range list {
		count[in.Component]++
		if want := map[string]string{"": "1.0", "worker": "2.0"}[in.Component]; in.Version != want || in.Side != release.Blue {
			s.Errorf("%+v is not what was ordered", in)
		}
		if in.Component != "" && WhoAmI(s, in.Addr).Get("CUTOVER_COMPONENT") != in.Component {
			s.Errorf("%s does not know that it is a %s", in.ID, in.Component)
		}
	}
	if count[""] != 1 || count["worker"] != 2 || list[0].ID != web[0].ID && list[1].ID != web[0].ID && list[2].ID != web[0].ID {
		s.Fatalf("instances a component: %v, want 1 and 2 workers; %s was there before", count, web[0].ID)
	}
}
