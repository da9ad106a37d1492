package release

import "testing"

func TestAnyChangeOfTLSIsAnotherRoute(t *testing.T) {
	t.Parallel()
	base := func() *TLS {
		return &TLS{Certificate: "/c", Key: "/k", Clients: &ClientCertificates{Authorities: "/a"}, ACME: &ACME{Directory: "https://ca", Domains: []string{"a.org"}}}
	}
	if !base().Same(base()) || !(*TLS)(nil).Same(nil) {
		t.Error("the same is taken for different")
	}
	for name, change := range map[string]func(*TLS){
		"certificate": func(t *TLS) { t.Certificate = "/d" },
		"key":         func(t *TLS) { t.Key = "/d" },
		"version":     func(t *TLS) { t.MinVersion = "1.3" },
		"redirect":    func(t *TLS) { t.Redirect = ":80" },
		"no clients":  func(t *TLS) { t.Clients = nil },
		"required":    func(t *TLS) { t.Clients.Require = true },
		"no acme":     func(t *TLS) { t.ACME = nil },
		"domains":     func(t *TLS) { t.ACME.Domains = []string{"b.org"} },
		"authority":   func(t *TLS) { t.ACME.Directory = "https://cb" },
		"trust":       func(t *TLS) { t.ACME.Trust = "/t" },
	} {
		other := base()
		change(other)
		if base().Same(other) || (Route{Front: Front{TLS: base()}}).Same(Route{Front: Front{TLS: other}}) {
			t.Errorf("%s: a change is not seen", name)
		}
	}
	if base().Same(nil) || (Front{Backend: H2C}).same(Front{}) {
		t.Error("TLS or protocol taken away is not seen")
	}
}
