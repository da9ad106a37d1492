package keyring

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"cutover/internal/certificate"
)

// pairFile is a certificate from files, with the last good content.
type pairFile struct {
	pair certificate.Pair
	watched
	held atomic.Pointer[certificate.Held]
}

func newPairFile(p certificate.Pair) *pairFile {
	return &pairFile{pair: p, watched: watched{paths: []string{p.Certificate, p.Key}}}
}

// look reads the files if they may have changed. What cannot be used leaves
// what is held; a certificate that has expired is better than none.
func (f *pairFile) look(now time.Time, log *slog.Logger) {
	if !f.due(now) {
		return
	}
	fresh, err := f.pair.Read(now)
	have := f.held.Load()
	worth := patience
	if have == nil {
		worth = 1
	}
	if f.result(err, worth) {
		log.Warn("a certificate cannot be used", "error", err, "served meanwhile", served(have))
	}
	if fresh == nil || err != nil && (have != nil || !errors.Is(err, certificate.ErrExpired)) {
		return
	}
	if have == nil || have.Digest != fresh.Digest {
		f.held.Store(fresh)
		log.Info("certificate read", "file", f.pair.Certificate, "names", fresh.Names(), "until", fresh.TLS.Leaf.NotAfter)
	}
}

func served(have *certificate.Held) string {
	if have == nil {
		return "nothing"
	}
	return "the one read before, valid until " + have.TLS.Leaf.NotAfter.UTC().Format("2006-01-02 15:04 UTC")
}

// authorityFile is a list of those who sign clients' certificates.
type authorityFile struct {
	path string
	watched
	held atomic.Pointer[certificate.Authorities]
}

func newAuthorityFile(path string) *authorityFile {
	return &authorityFile{path: path, watched: watched{paths: []string{path}}}
}

func (f *authorityFile) look(now time.Time, log *slog.Logger) {
	if !f.due(now) {
		return
	}
	fresh, err := certificate.ReadAuthorities(f.path)
	have := f.held.Load()
	worth := patience
	if have == nil {
		worth = 1
	}
	if f.result(err, worth) {
		log.Warn("the authorities for clients cannot be used", "error", err, "the ones read before are kept", have != nil)
	}
	if err == nil && (have == nil || have.Digest != fresh.Digest) {
		f.held.Store(fresh)
		log.Info("authorities for clients read", "file", f.path)
	}
}
