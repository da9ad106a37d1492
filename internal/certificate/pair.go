package certificate

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Pair names the two files that a server shows who it is with: PEM with the
// certificate and whatever stands between it and its authority, and PEM with
// its key.
type Pair struct {
	Certificate, Key string
}

// Held is a pair as it was read.
type Held struct {
	// TLS is ready for use by crypto/tls; its Leaf is set.
	TLS *tls.Certificate
	// Digest is the SHA-256 of the content of both files.
	Digest [sha256.Size]byte
}

// ErrExpired means that a certificate is whole, and too old. Read returns the
// pair together with it.
var ErrExpired = errors.New("the certificate has expired")

// Read reads both files and returns the pair if a browser would accept it at
// the time now, apart from who signed it. The errors name the file and say
// what to do. Nothing of a key is ever part of an error.
func (p Pair) Read(now time.Time) (*Held, error) {
	chainText, err := readFile(p.Certificate)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", p.Certificate, err)
	}
	chain, err := parseChain(chainText)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", p.Certificate, err)
	}
	keyText, err := readSecret(p.Key)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", p.Key, err)
	}
	key, err := parseKey(keyText)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", p.Key, err)
	}
	if !matches(chain[0], key) {
		return nil, fmt.Errorf("key %s does not belong to certificate %s: write the key that the certificate was asked for with, or both from one renewal", p.Key, p.Certificate)
	}
	held := &Held{TLS: &tls.Certificate{PrivateKey: key, Leaf: chain[0]}, Digest: digest(chainText, keyText)}
	for _, c := range chain {
		held.TLS.Certificate = append(held.TLS.Certificate, c.Raw)
	}
	if err := fit(chain, now); err != nil {
		err = fmt.Errorf("certificate %s: %w", p.Certificate, err)
		if errors.Is(err, ErrExpired) {
			return held, err
		}
		return nil, err
	}
	return held, nil
}

// Names returns the names that the certificate stands for, sorted.
func (h *Held) Names() []string { return NamesOf(h.TLS.Leaf) }

// NamesOf returns the DNS names and addresses of a certificate, sorted.
func NamesOf(leaf *x509.Certificate) []string {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Covers reports whether a certificate with these names is accepted for host,
// which may begin with "*." to ask for everything directly below a name.
func Covers(leaf *x509.Certificate, host string) bool {
	if slices.Contains(leaf.DNSNames, host) {
		return true
	}
	return len(host) > 0 && host[0] != '*' && leaf.VerifyHostname(host) == nil
}

func digest(parts ...[]byte) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256(p)
		h.Write(sum[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func matches(leaf *x509.Certificate, key crypto.Signer) bool {
	public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

// fit says why clients would refuse a chain, whoever signed it.
func fit(chain []*x509.Certificate, now time.Time) error {
	leaf := chain[0]
	switch {
	case leaf.IsCA:
		return errors.New("the first certificate is an authority's and not a server's: put the server's first, then those it was signed by")
	case len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return errors.New("it has no names of hosts (subjectAltName), and clients look at nothing else: ask for one with names")
	case len(leaf.ExtKeyUsage) > 0 && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny):
		return errors.New("it may not be used by a server (extendedKeyUsage): ask for one with serverAuth")
	}
	for i := 1; i < len(chain); i++ {
		if !bytes.Equal(chain[i-1].RawIssuer, chain[i].RawSubject) || chain[i-1].CheckSignatureFrom(chain[i]) != nil {
			return fmt.Errorf("certificate %d of the file did not sign the one before it: put the server's first, then each with its signer after it", i+1)
		}
	}
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s: look at this machine's clock, or wait", stamp(leaf.NotBefore))
	case !now.Before(leaf.NotAfter):
		return fmt.Errorf("%w on %s: renew it", ErrExpired, stamp(leaf.NotAfter))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
