package certificate

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/testkit/authority"
)

// encryptedKey is what openssl genpkey -aes256 writes, cut short: that it is
// encrypted is seen before anything of it is read.
const encryptedKey = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjl\n-----END ENCRYPTED PRIVATE KEY-----\n"

const oldEncryptedKey = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,EAC1\n\nMIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjl\n-----END EC PRIVATE KEY-----\n"

func TestFilesThatNobodyCanBeServedWithAreRefusedWithTheCure(t *testing.T) {
	t.Parallel()
	ca, other := authority.New(t, "ca"), authority.New(t, "other")
	good := ca.Issue(t, nil, "shop.example.org")
	goodKey := good.KeyPEM(t)
	der, _ := pem.Decode(goodKey)
	issue := func(change func(*x509.Certificate), names ...string) func(t *testing.T, p Pair) {
		return func(t *testing.T, p Pair) {
			i := ca.Issue(t, change, names...)
			authority.Put(t, p.Certificate, authority.Certificates(i.Chain...))
			authority.Put(t, p.Key, i.KeyPEM(t))
		}
	}
	cert := func(content []byte) func(t *testing.T, p Pair) {
		return func(t *testing.T, p Pair) { authority.Put(t, p.Certificate, content) }
	}
	key := func(content []byte) func(t *testing.T, p Pair) {
		return func(t *testing.T, p Pair) { authority.Put(t, p.Key, content) }
	}
	mode := func(path func(Pair) string, m os.FileMode) func(t *testing.T, p Pair) {
		return func(t *testing.T, p Pair) {
			if err := os.Chmod(path(p), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	cases := map[string]struct {
		spoil func(t *testing.T, p Pair)
		want  []string
	}{
		"no certificate file":     {func(t *testing.T, p Pair) { os.Remove(p.Certificate) }, []string{"certificate ", "no such file"}},
		"no key file":             {func(t *testing.T, p Pair) { os.Remove(p.Key) }, []string{"key ", "no such file"}},
		"folder for certificate":  {func(t *testing.T, p Pair) { os.Remove(p.Certificate); os.Mkdir(p.Certificate, 0o700) }, []string{"no file"}},
		"pipe for key":            {func(t *testing.T, p Pair) { os.Remove(p.Key); syscall.Mkfifo(p.Key, 0o600) }, []string{"key ", "no file"}},
		"empty certificate":       {cert(nil), []string{"it is empty"}},
		"huge certificate":        {cert(make([]byte, maxFile+1)), []string{"more than 4 MiB"}},
		"no PEM at all":           {cert([]byte("hello")), []string{"BEGIN CERTIFICATE"}},
		"certificate in DER":      {cert(good.Chain[0]), []string{"openssl x509"}},
		"damaged certificate":     {cert(authority.Certificates([]byte("garbage"))), []string{"certificate 1", "damaged"}},
		"key in certificate file": {cert(goodKey), []string{"exchanged"}},
		"certificate in key file": {key(authority.Certificates(good.Chain...)), []string{"key ", "exchanged"}},
		"key in DER":              {key(der.Bytes), []string{"openssl pkey"}},
		"key is no PEM":           {key([]byte("hello")), []string{"BEGIN PRIVATE KEY"}},
		"damaged key":             {key([]byte(strings.Replace(string(goodKey), "MI", "IM", 1))), []string{"key ", "damaged"}},
		"encrypted key":           {key([]byte(encryptedKey)), []string{"passphrase"}},
		"key encrypted long ago":  {key([]byte(oldEncryptedKey)), []string{"passphrase"}},
		"another one's key":       {key(ca.Issue(t, nil, "x.org").KeyPEM(t)), []string{"does not belong"}},
		"key open to all":         {mode(func(p Pair) string { return p.Key }, 0o644), []string{"chmod 600", "0644"}},
		"expired": {issue(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = c.NotBefore.Add(-72*time.Hour), time.Now().Add(-time.Hour)
		}, "a.org"), []string{"expired", "renew"}},
		"not valid yet":           {issue(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }, "a.org"), []string{"not valid before", "clock"}},
		"no names":                {issue(nil), []string{"subjectAltName"}},
		"for clients":             {issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, "a.org"), []string{"serverAuth"}},
		"an authority's":          {issue(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, "a.org"), []string{"authority's"}},
		"foreign signer in chain": {cert(authority.Certificates(good.Chain[0], other.Cert.Raw)), []string{"certificate 2", "did not sign"}},
		"relative path":           {nil, []string{"begin with /"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := Pair{filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")}
			authority.Put(t, p.Certificate, authority.Certificates(good.Chain...))
			authority.Put(t, p.Key, goodKey)
			if c.spoil == nil {
				p.Certificate = "c.pem"
			} else {
				c.spoil(t, p)
			}
			held, err := p.Read(time.Now())
			if err == nil {
				t.Fatalf("accepted: %v", held.Names())
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if name == "expired" != errors.Is(err, ErrExpired) || name == "expired" != (held != nil) {
				t.Errorf("expired: %v, %v", err, held)
			}
			if strings.Contains(err.Error(), "MIG") || strings.Contains(err.Error(), "MIH") {
				t.Errorf("something of the key is in the error: %v", err)
			}
		})
	}
}

func TestAPairIsReadWithItsChainAndKnowsItsNames(t *testing.T) {
	t.Parallel()
	ca := authority.New(t, "ca")
	i := ca.Issue(t, nil, "shop.example.org", "*.example.net", "127.0.0.1")
	i.Chain = append(i.Chain, ca.Cert.Raw)
	cert, key := i.Write(t, t.TempDir(), "shop")
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	held, err := Pair{cert, key}.Read(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(held.Names(), " "); got != "*.example.net 127.0.0.1 shop.example.org" {
		t.Errorf("names %s", got)
	}
	for host, want := range map[string]bool{
		"shop.example.org": true, "a.example.net": true, "*.example.net": true, "127.0.0.1": true,
		"a.b.example.net": false, "example.org": false, "*.example.org": false, "": false,
	} {
		if Covers(held.TLS.Leaf, host) != want {
			t.Errorf("covers %q: %v", host, !want)
		}
	}
}

func TestAuthoritiesAreOnlyThoseWhoMaySign(t *testing.T) {
	t.Parallel()
	ca, dir := authority.New(t, "ca"), t.TempDir()
	if a, err := ReadAuthorities(ca.Write(t, dir+"/ca.pem")); err != nil || !a.Pool.Equal(ca.Pool()) {
		t.Errorf("%v", err)
	}
	leaf, key := ca.Issue(t, nil, "a.org").Write(t, dir, "leaf")
	for path, want := range map[string]string{leaf: "not an authority's", key: "exchanged", dir: "no file", dir + "/none": "no such file"} {
		if _, err := ReadAuthorities(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestACertificateEndsSoonAFortnightBefore(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for until, want := range map[time.Time]bool{{}: false, now.Add(Soon - time.Second): true, now.Add(Soon): false, now.Add(-time.Hour): true} {
		if (Status{Until: until}).EndsSoon(now) != want {
			t.Errorf("%s: %v", until, !want)
		}
	}
}
