package config_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/release"
	"cutover/internal/testkit/authority"
)

const listens = `listen: "127.0.0.1:8443"`

func withTLS(text string) string {
	return strings.Replace(careful, `listen: "127.0.0.1:8080"`, listens+", "+text, 1)
}

func TestWhatTLSIsWrittenWrongIsReportedWithTheCure(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`tls: {}`:               "there is no certificate; write certificate and key, or acme",
		`tls: {certificate: c}`: "a certificate and no key",
		`tls: {key: k}`:         "a key and no certificate",
		`tls: {certificate: c, key: k, acme: {acceptTerms: true, domains: [a.org]}}`: "files and acme at once",
		`tls: {certificate: c, key: k, minVersion: 1.1}`:                             `"1.1" is not one of the choices`,
		`tls: {certificate: c, key: k, redirect: "80"}`:                              `"80" is not host:port`,
		`tls: {certificate: c, key: k, redirect: "127.0.0.1:8443"}`:                  "the address users are served on",
		`tls: {certificate: c, key: k, clientCertificates: {require: true}}`:         "add authorities:",
		`tls: {certificates: c, key: k}`:                                             `did you mean "certificate"?`,
		`tls: {acme: {email: a@b.org}}`:                                              "add acceptTerms: true",
		`tls: {acme: {acceptTerms: false, domains: [a.org]}}`:                        "nobody has agreed",
		`tls: {acme: {acceptTerms: true}}`:                                           "no name is known",
		`hosts: ["*.a.org"], tls: {acme: {acceptTerms: true}}`:                       "a proof by DNS",
		`tls: {acme: {acceptTerms: true, domains: [localhost]}}`:                     `"localhost" is not a full name`,
		`tls: {acme: {acceptTerms: true, domains: [a.org], directory: "http://x"}}`:  "begins with https://",
		`tls: {acme: {acceptTerms: true, domains: [a.org], email: nobody}}`:          "not an address of mail",
		`backend: h3`: `"h3" is not one of the choices`,
		`tls: {certificate: c, key: k, redirect: "127.0.0.1:80"}, privateGreen: "127.0.0.1:80"`: "it is the address of tls.redirect",
	} {
		_, err := config.Load(t.Context(), at(t, withTLS(text)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nlacks %q", text, err, want)
		}
	}
}

// at writes a file and returns its path.
func at(t *testing.T, text string) string {
	t.Helper()
	return write(t, map[string]string{"cutover.yaml": text}) + "/cutover.yaml"
}

func TestLintLooksAtTheFilesOfTLS(t *testing.T) {
	t.Parallel()
	ca, dir := authority.New(t, "ca"), t.TempDir()
	cert, key := ca.Issue(t, nil, "shop.example.org").Write(t, dir, "good")
	_, other := ca.Issue(t, nil, "shop.example.org").Write(t, dir, "other")
	soon, soonKey := ca.Issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(13 * 24 * time.Hour) }, "shop.example.org").Write(t, dir, "soon")
	open := dir + "/open.key"
	if content, err := os.ReadFile(key); err != nil || os.WriteFile(open, content, 0o644) != nil {
		t.Fatal(err)
	}
	pair := func(cert, key string) string {
		return fmt.Sprintf("hosts: [shop.example.org], tls: {certificate: %s, key: %s}", cert, key)
	}
	for text, want := range map[string]string{
		pair(cert, key):       "",
		pair("none.pem", key): "error: certificate ",
		pair(cert, other):     "does not belong to certificate",
		pair(key, cert):       "exchanged",
		pair(cert, open):      "chmod 600",
		pair(soon, soonKey):   "warning: the certificate ends on",
		strings.Replace(pair(cert, key), "shop.example.org", "blog.example.org", 1):                        "warning: the certificate is not for blog.example.org",
		strings.Replace(pair(cert, key), "}", ", clientCertificates: {authorities: "+cert+"}}", 1):         "not an authority's",
		"hosts: [shop.example.org], tls: {acme: {acceptTerms: true}}":                                      "warning: a public authority looks on port 443 or 80",
		`hosts: [shop.example.org], tls: {redirect: ":80", acme: {acceptTerms: true, trust: ` + key + `}}`: "exchanged",
		`hosts: [a.org, b.org], tls: {redirect: ":80", acme: {acceptTerms: true, domains: [a.org]}}`:       "b.org belongs to the app",
	} {
		b, err := config.Load(t.Context(), at(t, withTLS(text)))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var found []string
		for _, f := range config.Lint(b) {
			found = append(found, f.String())
		}
		got := strings.Join(found, "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s:\n%s\nlacks %q", text, got, want)
		}
	}
}

func TestTLSComesIntoThePlanWithPathsFromItsFolder(t *testing.T) {
	t.Parallel()
	path := at(t, withTLS(`hosts: [a.org], backend: h2c, tls: {redirect: ":80", acme: {acceptTerms: true, trust: ca.pem}, clientCertificates: {authorities: staff.pem, require: true}}`))
	b, err := config.Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "shop-v2", release.Running{}, snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSuffix(path, "/cutover.yaml")
	want := &release.TLS{
		MinVersion: "1.2", Redirect: ":80", Clients: &release.ClientCertificates{Authorities: dir + "/staff.pem", Require: true},
		ACME: &release.ACME{Directory: "https://acme-v02.api.letsencrypt.org/directory", Domains: []string{"a.org"}, Trust: dir + "/ca.pem", AcceptTerms: true},
	}
	if !p.Front.TLS.Same(want) || p.Front.Backend != release.H2C {
		t.Errorf("got %+v %+v, %s", p.Front.TLS, p.Front.TLS.ACME, p.Front.Backend)
	}
}
