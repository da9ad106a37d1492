package certificate

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
)

// Authorities are the certificates of those whose signature is believed.
type Authorities struct {
	Pool *x509.CertPool
	// Digest is the SHA-256 of the file.
	Digest [sha256.Size]byte
}

// ReadAuthorities reads a file of PEM with at least one certificate of an
// authority. The errors name the file and say what to do.
func ReadAuthorities(path string) (*Authorities, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("authorities %s: %w", path, err)
	}
	all, err := parseChain(content)
	if err != nil {
		return nil, fmt.Errorf("authorities %s: %w", path, err)
	}
	a := &Authorities{Pool: x509.NewCertPool(), Digest: digest(content)}
	for i, c := range all {
		if !c.IsCA {
			return nil, fmt.Errorf("authorities %s: certificate %d of the file is not an authority's (it may not sign others): write those that sign", path, i+1)
		}
		a.Pool.AddCert(c)
	}
	return a, nil
}
