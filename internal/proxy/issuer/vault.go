package issuer

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cutover/internal/certificate"
	"cutover/internal/durable"
)

// vault is the folder of one authority: the key of the account, and a file
// with key and certificates for each domain.
type vault struct{ dir string }

const accountFile = "account.key"

// accountKey returns the key of the account, a new one the first time.
func (v vault) accountKey() (crypto.Signer, error) {
	path := filepath.Join(v.dir, accountFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return key, v.write(accountFile, key, nil)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s is damaged: move it away, and another account is opened", path)
	}
	return privateKey(block)
}

// load returns the certificate kept for a domain, nil if there is none that
// is still valid.
func (v vault) load(domain string, now time.Time) (*tls.Certificate, error) {
	content, err := os.ReadFile(filepath.Join(v.dir, domain+".pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(content, content)
	if err != nil {
		return nil, fmt.Errorf("%s.pem is damaged: %w", domain, err)
	}
	if !certificate.Covers(pair.Leaf, domain) || !now.Before(pair.Leaf.NotAfter) {
		return nil, nil
	}
	return &pair, nil
}

func (v vault) save(domain string, c *tls.Certificate) error {
	return v.write(domain+".pem", c.PrivateKey, c.Certificate)
}

func (v vault) write(name string, key crypto.PrivateKey, chain [][]byte) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, c := range chain {
		err = errors.Join(err, pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c}))
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(v.dir, name), text.Bytes(), 0o600)
}

func privateKey(block *pem.Block) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key is damaged")
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	return s, nil
}
