package notary

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"cutover/internal/durable"
)

// keyName is the name in front of every key and signature.
const keyName = "cutover"

// Key signs statements.
type Key struct {
	signer note.Signer
	public string
}

// Public returns the text that verifies what the key signs: "cutover+...".
func (k Key) Public() string { return k.public }

// LoadKey reads the key at path. The error is fs.ErrNotExist if there is none.
func LoadKey(path string) (Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("read the key that signs checkpoints: %w", err)
	}
	k, err := parseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return Key{}, fmt.Errorf("read the key that signs checkpoints: %s holds none: put the right file back; without it new checkpoints need a new key and a new list", path)
	}
	return k, nil
}

// MakeKey makes a key at path, readable by its owner only. It never replaces
// one.
func MakeKey(path string) (Key, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return Key{}, fmt.Errorf("make a key that signs checkpoints: %s exists", path)
	}
	private, _, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return Key{}, fmt.Errorf("make a key that signs checkpoints: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Key{}, fmt.Errorf("make a key that signs checkpoints: %w", err)
	}
	if err := durable.WriteFile(path, []byte(private+"\n"), 0o600); err != nil {
		return Key{}, fmt.Errorf("make a key that signs checkpoints: %w", err)
	}
	return parseKey(private)
}

// parseKey also derives the public half, which the note format leaves out.
func parseKey(text string) (Key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return Key{}, err
	}
	// "PRIVATE+KEY+name+hash+data", and data may have a plus sign in it.
	parts := strings.SplitN(text, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Key{}, errors.New("it is not an Ed25519 key")
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	return Key{signer, verifier}, err
}

// Verifier checks signatures.
type Verifier struct {
	verifier note.Verifier
	text     string
}

// ParseVerifier reads a public key as Public writes it, or the name of a file
// that has it.
func ParseVerifier(text string) (Verifier, error) {
	text = strings.TrimSpace(text)
	if v, err := note.NewVerifier(text); err == nil {
		return Verifier{v, text}, nil
	}
	content, err := os.ReadFile(text)
	if err == nil {
		text = strings.TrimSpace(string(content))
		if v, err := note.NewVerifier(text); err == nil {
			return Verifier{v, text}, nil
		}
	}
	return Verifier{}, errors.New("that is neither a public key nor a file with one: `cutover audit key` prints it")
}
