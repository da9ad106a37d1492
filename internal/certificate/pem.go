package certificate

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// blocks splits PEM.
func blocks(content []byte) []*pem.Block {
	var all []*pem.Block
	for {
		var b *pem.Block
		if b, content = pem.Decode(content); b == nil {
			return all
		}
		all = append(all, b)
	}
}

// parseChain returns the certificates of a file, at least one.
func parseChain(content []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	all := blocks(content)
	for _, b := range all {
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the file is damaged: %w", len(chain)+1, err)
		}
		chain = append(chain, c)
	}
	switch {
	case len(chain) > 0:
		return chain, nil
	case len(all) > 0:
		return nil, fmt.Errorf("it has %s and no certificate: are the two paths exchanged?", all[0].Type)
	}
	if _, err := x509.ParseCertificate(content); err == nil {
		return nil, errors.New("it is in binary form (DER): openssl x509 -inform der -in FILE -out FILE.pem")
	}
	return nil, errors.New("it has no PEM, which begins with -----BEGIN CERTIFICATE-----")
}

// parseKey returns the one key of a file. Its errors have nothing of it.
func parseKey(content []byte) (crypto.Signer, error) {
	all := blocks(content)
	for _, b := range all {
		switch {
		case b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, errors.New("it is protected by a passphrase, which nobody is there to type: openssl pkey -in FILE -out FILE.plain, and chmod 600 that")
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			return signer(b.Bytes)
		}
	}
	if len(all) > 0 {
		return nil, fmt.Errorf("it has %s and no key: are the two paths exchanged?", all[0].Type)
	}
	if _, err := signer(content); err == nil {
		return nil, errors.New("it is in binary form (DER): openssl pkey -inform der -in FILE -out FILE.pem")
	}
	return nil, errors.New("it has no PEM, which begins with -----BEGIN PRIVATE KEY-----")
}

func signer(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if s, ok := key.(crypto.Signer); ok {
			return s, nil
		}
	}
	return nil, errors.New("it is damaged, or of a kind that is not known here: RSA, ECDSA and Ed25519 are")
}
