package record

import "regexp"

// secretLooks are what secrets look like wherever they stand: credentials of HTTP,
// signed tokens, private keys, addresses with a password, keys of well-known
// services, and a word for a secret that something is assigned to.
var secretLooks = regexp.MustCompile(`(?i:\b(?:bearer|basic|digest|negotiate)\s+[a-z0-9._~+/=-]{6,})` +
	`|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+` +
	`|-----BEGIN` +
	`|://[^/\s:@]*:[^/\s@]+@` +
	`|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_[A-Za-z0-9]{16,}|\bxox[abprs]-|\bsk-[A-Za-z0-9_-]{16,}|\bglpat-` +
	`|(?i:(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_ ]?key|credentials?|authorization|cookie|session[-_]?id)\w*["'\\]*\s*[:=(])` +
	`|(?i:\bidentified\s+by\b|\bpassword\s+['"])`)

func looksSecret(text string) bool { return secretLooks.MatchString(text) }
