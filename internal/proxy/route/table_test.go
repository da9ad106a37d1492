package route

import (
	"strings"
	"testing"

	"cutover/internal/release"
)

func service(app, listen, path string, hosts ...string) Service {
	s := Service{App: app}
	s.Route.Front = release.Front{Listen: listen, Path: path, Hosts: hosts}
	s.Route.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{{ID: "a", Addr: "127.0.0.1:9000"}}}
	return s
}

func TestATableIsNeverChangedInPlace(t *testing.T) {
	t.Parallel()
	first := Table{}.With(service("shop", ":80", "/"))
	second := first.With(service("blog", ":80", "/blog"))
	third := second.With(service("shop", ":81", "/"))
	if got, _ := second.Service("shop"); got.Route.Front.Listen != ":80" || len(first.Services) != 1 {
		t.Fatalf("an older table changed: %+v, %+v", first, second)
	}
	if got, _ := third.Service("shop"); got.Generation != 3 || third.Generation != 3 {
		t.Errorf("generations are %d and %d, want 3", got.Generation, third.Generation)
	}
	if got, _ := third.Service("blog"); got.Generation != 2 {
		t.Errorf("blog's generation is %d, want 2: it did not change", got.Generation)
	}
	if fourth := third.Without("shop"); len(fourth.Services) != 1 || fourth.Generation != 4 || len(third.Services) != 2 {
		t.Errorf("after Without: %+v, before: %+v", fourth, third)
	}
	if same := third.Without("nobody"); same.Generation != 3 {
		t.Errorf("removing what is not there made generation %d", same.Generation)
	}
	if low := third.Fenced(7).Fenced(5); low.Fence != 7 {
		t.Errorf("the fence fell to %d", low.Fence)
	}
}

func TestTheHostAndThenTheLongestPathDecide(t *testing.T) {
	t.Parallel()
	table := Table{}.
		With(service("all", ":80", "/")).
		With(service("api", ":80", "/api")).
		With(service("shop", ":80", "/", "shop.example.org")).
		With(service("admin", ":80", "/admin/", "shop.example.org")).
		With(service("other", ":81", "/only"))
	x, err := NewIndex(table)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ listen, host, path, want string }{
		{":80", "x.example.org", "/", "all"},
		{":80", "x.example.org", "/api", "api"},
		{":80", "x.example.org", "/api/v1", "api"},
		{":80", "x.example.org", "/apiary", "all"},
		{":80", "shop.example.org:80", "/api", "shop"},
		{":80", "SHOP.example.org.", "/admin/users", "admin"},
		{":80", "shop.example.org", "/admin", "admin"},
		{":80", "shop.example.org", "/administrator", "shop"},
		{":81", "x", "/only/this", "other"},
		{":81", "x", "/", ""},
		{":82", "x", "/", ""},
	}
	for _, c := range cases {
		got := ""
		if hit, ok := x.Find(c.listen, c.host, c.path); ok {
			got = table.Services[hit.Service].App
		}
		if got != c.want {
			t.Errorf("%s %s%s is answered by %q, want %q", c.listen, c.host, c.path, got, c.want)
		}
	}
}

func TestAPrivateAddressLeadsToTheSameServicePrivately(t *testing.T) {
	t.Parallel()
	s := service("shop", ":80", "/")
	s.Route.Front.PrivateListen = ":8080"
	x, err := NewIndex(Table{}.With(s))
	if err != nil {
		t.Fatal(err)
	}
	if hit, ok := x.Find(":8080", "any", "/"); !ok || !hit.Private {
		t.Errorf("the private address gives %+v, %v", hit, ok)
	}
	if hit, ok := x.Find(":80", "any", "/"); !ok || hit.Private {
		t.Errorf("the public address gives %+v, %v", hit, ok)
	}
}

func TestWhatCannotBeServedIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(s *Service)
		want   string
	}{
		"no app":         {func(s *Service) { s.App = "" }, "app is"},
		"app with slash": {func(s *Service) { s.App = "a/b" }, "without spaces and slashes"},
		"no port":        {func(s *Service) { s.Route.Front.Listen = "localhost" }, "not host:port"},
		"port 0":         {func(s *Service) { s.Route.Front.Listen = ":0" }, "want 1 to 65535"},
		"private listen": {func(s *Service) { s.Route.Front.PrivateListen = "x" }, "privateListen"},
		"same private":   {func(s *Service) { s.Route.Front.PrivateListen = s.Route.Front.Listen }, "both claim"},
		"path":           {func(s *Service) { s.Route.Front.Path = "api" }, "begins with /"},
		"host":           {func(s *Service) { s.Route.Front.Hosts = []string{"A.b:80"} }, "lower case without a port"},
		"half weight":    {func(s *Service) { s.Route.Sides.Blue.Weight = 5000 }, "add up to 50%"},
		"big weight":     {func(s *Service) { s.Route.Sides.Blue.Weight = 10001 }, "want 0 to 10000"},
		"negative":       {func(s *Service) { s.Route.Sides.Green.Weight = -1 }, "want 0 to 10000"},
		"endpoint":       {func(s *Service) { s.Route.Sides.Blue.Endpoints[0].Addr = "127.0.0.1" }, "not host:port"},
		"endpoint host":  {func(s *Service) { s.Route.Sides.Blue.Endpoints[0].Addr = ":9000" }, "no host"},
		"private side":   {func(s *Service) { s.Route.Private = "red" }, "want blue, green or nothing"},
		"hash":           {func(s *Service) { s.SecretHash = "secret" }, "SHA-256"},
		"spread":         {func(s *Service) { s.Route.Front.StreamSpread = -1 }, "must not be negative"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := service("shop", ":80", "/")
			c.change(&s)
			err := Table{}.With(s).Check()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to mention %q", err, c.want)
			}
		})
	}
	if err := (Table{}).With(service("shop", ":80", "/")).Check(); err != nil {
		t.Errorf("a good table is refused: %v", err)
	}
	clash := Table{}.With(service("a", ":80", "/x/")).With(service("b", ":80", "/x"))
	if err := clash.Check(); err == nil || !strings.Contains(err.Error(), `apps "a" and "b" both claim`) {
		t.Errorf("two apps on one path: %v", err)
	}
}

func TestCopiesOfWritesMustGoToAnInstanceOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		mirror release.Mirror
		weight release.Weight
		want   string
	}{
		{release.Mirror{Side: release.Green, Shadow: release.Shadow{Share: 100}}, 0, ""},
		{release.Mirror{Side: release.Green, Shadow: release.Shadow{Writes: true, Target: "127.0.0.1:99"}}, 0, ""},
		{release.Mirror{Side: release.Green, Shadow: release.Shadow{Writes: true}}, 0, "names no target"},
		{release.Mirror{Side: release.Green, Shadow: release.Shadow{Writes: true, Target: "127.0.0.1:1"}}, 0, `endpoint "b" of blue`},
		{release.Mirror{Side: release.Green, Shadow: release.Shadow{Target: "nowhere"}}, 0, "is not host:port"},
		{release.Mirror{Side: release.Green, Shadow: release.Shadow{Share: 20000}}, 0, "want 0 to 10000"},
		{release.Mirror{Side: release.Green}, 500, "which has 5% of the traffic"},
		{release.Mirror{Side: "red"}, 0, "want blue or green"},
	} {
		s := service("shop", ":80", "/")
		s.Route.Sides.Blue = release.SideRoute{Weight: release.All - c.weight, Endpoints: []release.Endpoint{{ID: "b", Addr: "127.0.0.1:1"}}}
		s.Route.Sides.Green.Weight = c.weight
		s.Route.Mirror = &c.mirror
		err := s.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.mirror, err, c.want)
		}
	}
}

func TestServicesAreTheSameWhateverTheirGeneration(t *testing.T) {
	t.Parallel()
	a, b := service("shop", ":80", "/"), service("shop", ":80", "/")
	a.Generation, b.Route.Sides.Green.Endpoints = 9, []release.Endpoint{}
	if !a.Same(b) {
		t.Error("they differ by generation and an empty list only")
	}
	b.Route.Salt = "other"
	if a.Same(b) {
		t.Error("another salt is another service")
	}
}

func TestNothingIsServedWhileBothWeightsAreZero(t *testing.T) {
	t.Parallel()
	if got := (&Service{}).SideAt(0); got != release.NoSide {
		t.Errorf("got %q", got)
	}
}

func TestAWildcardHostCoversWhatIsBelowItAndNothingElse(t *testing.T) {
	t.Parallel()
	of := func(app string, hosts ...string) Service {
		s := Service{App: app}
		s.Route.Front = release.Front{Listen: "127.0.0.1:80", Path: "/", Hosts: hosts}
		return s
	}
	x, err := NewIndex(Table{Services: []Service{of("any"), of("deep", "*.shop.example.org"), of("exact", "www.example.org"), of("wild", "*.example.org")}})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"example.org": 0, "other.org": 0, "org": 0, "": 0, "badexample.org": 0, "www.example.org": 2, "WWW.Example.Org:8080": 2,
		"a.example.org": 3, "a.b.example.org": 3, "shop.example.org": 3, "a.shop.example.org": 1,
	} {
		if hit, ok := x.Find("127.0.0.1:80", host, "/"); !ok || hit.Service != want {
			t.Errorf("%s leads to %d, %v, want %d", host, hit.Service, ok, want)
		}
	}
}
