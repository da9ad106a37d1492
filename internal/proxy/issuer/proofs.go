package issuer

import (
	"crypto/tls"
	"sync"

	"golang.org/x/crypto/acme"
)

// ProofProtocol is what an authority asks for (ALPN) that looks by TLS whether
// a domain is ours. It carries no requests.
const ProofProtocol = acme.ALPNProto

// proofs is what the authority looks at to see that a domain is ours.
type proofs struct {
	mu    sync.Mutex
	certs map[string]*tls.Certificate // by domain, for tls-alpn-01
	texts map[string]string           // by path, for http-01
}

func (p *proofs) putCert(domain string, c *tls.Certificate) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.certs == nil {
		p.certs = map[string]*tls.Certificate{}
	}
	p.certs[domain] = c
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.certs, domain)
	}
}

func (p *proofs) putText(path, text string) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.texts == nil {
		p.texts = map[string]string{}
	}
	p.texts[path] = text
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.texts, path)
	}
}

// ProofCertificate returns what to show an authority that asks for domain
// by TLS-ALPN-01, nil if no order for it is under way.
func (k *Keeper) ProofCertificate(domain string) *tls.Certificate {
	k.proofs.mu.Lock()
	defer k.proofs.mu.Unlock()
	return k.proofs.certs[domain]
}

// ProofText returns what to answer an authority that asks for path by HTTP-01.
func (k *Keeper) ProofText(path string) (string, bool) {
	k.proofs.mu.Lock()
	defer k.proofs.mu.Unlock()
	text, ok := k.proofs.texts[path]
	return text, ok
}
