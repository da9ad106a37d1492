// Package authority signs certificates for tests, and writes them to files as
// a real one would hand them out.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	// Cert is its own certificate, signed by itself.
	Cert *x509.Certificate
	key  crypto.Signer
}

// Issued is a certificate with its key.
type Issued struct {
	// Chain is the certificate alone, in DER; Key its key.
	Chain [][]byte
	Key   crypto.Signer
}

// New returns an authority called name.
func New(t testing.TB, name string) *Authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Authority{Cert: cert, key: key}
}

// Issue signs a certificate for a server with these names, good for 90 days.
// Change may alter it before.
func (a *Authority) Issue(t testing.TB, change func(*x509.Certificate), names ...string) Issued {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return Issued{Chain: [][]byte{der}, Key: key}
}

// Client signs a certificate for a client with this subject.
func (a *Authority) Client(t testing.TB, subject pkix.Name) tls.Certificate {
	t.Helper()
	i := a.Issue(t, func(c *x509.Certificate) {
		c.Subject, c.ExtKeyUsage = subject, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
	return tls.Certificate{Certificate: i.Chain, PrivateKey: i.Key}
}

// Pool has the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Cert)
	return pool
}

// Write writes the authority's certificate to a file.
func (a *Authority) Write(t testing.TB, path string) string {
	return Put(t, path, Certificates(a.Cert.Raw))
}

// Write writes NAME.pem and NAME.key in dir, each in one stroke, and returns
// both paths.
func (i Issued) Write(t testing.TB, dir, name string) (certificate, key string) {
	t.Helper()
	return Put(t, filepath.Join(dir, name+".pem"), Certificates(i.Chain...)), Put(t, filepath.Join(dir, name+".key"), i.KeyPEM(t))
}

// KeyPEM is the key as text.
func (i Issued) KeyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Certificates are certificates as text.
func Certificates(ders ...[]byte) []byte {
	var text []byte
	for _, der := range ders {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return text
}

// Put replaces a file by rename, with mode 0600.
func Put(t testing.TB, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
