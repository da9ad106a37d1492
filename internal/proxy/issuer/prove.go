package issuer

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/acme"
)

// The ways to prove that a domain is ours, the first the better: it needs no
// second port.
const (
	byTLS  = "tls-alpn-01"
	byHTTP = "http-01"
)

// prove opens an order and proves that the domain is ours. Each way needs an
// order of its own: one that failed is over.
func prove(ctx context.Context, client *acme.Client, domain string, plainHTTP bool, p *proofs) (*acme.Order, error) {
	ways := []string{byTLS}
	if plainHTTP {
		ways = append(ways, byHTTP)
	}
	var errs []error
	for _, way := range ways {
		order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(domain))
		if err != nil {
			return nil, errors.Join(append(errs, fmt.Errorf("order: %w", err))...)
		}
		for _, url := range order.AuthzURLs {
			if err = authorize(ctx, client, url, way, p); err != nil {
				break
			}
		}
		if err == nil {
			order, err = client.WaitOrder(ctx, order.URI)
		}
		if err == nil {
			return order, nil
		}
		errs = append(errs, fmt.Errorf("prove the domain by %s: %w", way, err))
	}
	return nil, errors.Join(errs...)
}

func authorize(ctx context.Context, client *acme.Client, url, way string, p *proofs) error {
	z, err := client.GetAuthorization(ctx, url)
	if err != nil {
		return err
	}
	if z.Status == acme.StatusValid {
		return nil
	}
	for _, c := range z.Challenges {
		if c.Type != way {
			continue
		}
		remove, err := show(client, c, z.Identifier.Value, p)
		if err != nil {
			return err
		}
		defer remove()
		if _, err := client.Accept(ctx, c); err != nil {
			return err
		}
		_, err = client.WaitAuthorization(ctx, z.URI)
		return err
	}
	return errors.New("the authority does not offer this way")
}

// show puts out what the authority will look for.
func show(client *acme.Client, c *acme.Challenge, domain string, p *proofs) (remove func(), err error) {
	if c.Type == byTLS {
		cert, err := client.TLSALPN01ChallengeCert(c.Token, domain)
		if err != nil {
			return nil, err
		}
		return p.putCert(domain, &cert), nil
	}
	text, err := client.HTTP01ChallengeResponse(c.Token)
	if err != nil {
		return nil, err
	}
	return p.putText(client.HTTP01ChallengePath(c.Token), text), nil
}
