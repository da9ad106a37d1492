package issuer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"cutover/internal/certificate"
	"cutover/internal/release"

	"golang.org/x/crypto/acme"
)

// account is what we are to one authority.
type account struct {
	acme  release.ACME
	vault vault

	mu     sync.Mutex
	client *acme.Client // registered; nil before
}

// account returns the account for an authority, the same for equal settings.
// Authorities are kept apart on disk, so that certificates of one for trials
// are never taken for those of another. It is called with mu held.
func (k *Keeper) account(a release.ACME) *account {
	a.Domains = nil
	id := fmt.Sprintf("%+v", a)
	if k.accounts[id] == nil {
		sum := sha256.Sum256([]byte(a.Directory))
		k.accounts[id] = &account{acme: a, vault: vault{filepath.Join(k.dir, hex.EncodeToString(sum[:8]))}}
	}
	return k.accounts[id]
}

// callTimeout bounds one call of the authority.
const callTimeout = 30 * time.Second

// open returns a client that is registered with the authority.
func (a *account) open(ctx context.Context) (*acme.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		return a.client, nil
	}
	key, err := a.vault.accountKey()
	if err != nil {
		return nil, fmt.Errorf("open the key of the account: %w", err)
	}
	calls, err := a.calls()
	if err != nil {
		return nil, err
	}
	client := &acme.Client{Key: key, HTTPClient: calls, DirectoryURL: a.acme.Directory, UserAgent: "cutover"}
	person := &acme.Account{}
	if a.acme.Email != "" {
		person.Contact = []string{"mailto:" + a.acme.Email}
	}
	agree := func(string) bool { return a.acme.AcceptTerms }
	if _, err := client.Register(ctx, person, agree); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil, fmt.Errorf("register: %w", err)
	}
	a.client = client
	return client, nil
}

func (a *account) calls() (*http.Client, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: callTimeout, TLSHandshakeTimeout: callTimeout}
	if a.acme.Trust != "" {
		trusted, err := certificate.ReadAuthorities(a.acme.Trust)
		if err != nil {
			return nil, fmt.Errorf("tls.acme.trust: %w", err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: trusted.Pool}
	}
	return &http.Client{Transport: transport, Timeout: callTimeout}, nil
}

// order gets a certificate for one domain.
func (a *account) order(ctx context.Context, domain string, plainHTTP bool, p *proofs) (*tls.Certificate, error) {
	client, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	order, err := prove(ctx, client, domain, plainHTTP, p)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{domain}}, key)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	chain, _, err := client.CreateCertFromOrder(ctx, order, request, true)
	if err != nil {
		return nil, fmt.Errorf("finish the order: %w", err)
	}
	return joined(chain, key, domain)
}

// joined checks what the authority gave.
func joined(chain [][]byte, key crypto.Signer, domain string) (*tls.Certificate, error) {
	if len(chain) == 0 {
		return nil, errors.New("the authority gave no certificate")
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, fmt.Errorf("read what the authority gave: %w", err)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(leaf.PublicKey) || !certificate.Covers(leaf, domain) {
		return nil, fmt.Errorf("the certificate is not for %s and its key", domain)
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}, nil
}
