package cli

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/certificate"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
)

// healthWait bounds the question to a data plane how it is, which answers at
// once or not at all.
const healthWait = 3 * time.Second

// examineCertificates says how what users are shown stands, as the data plane
// has it; nothing where none runs.
func (s *session) examineCertificates(ctx context.Context) []symptom {
	var found []symptom
	now := time.Now()
	for _, c := range s.certificates(ctx) {
		found = append(found, symptomOf(c, now))
	}
	return found
}

func symptomOf(c certificate.Status, now time.Time) symptom {
	what := "certificate " + c.App
	switch {
	case c.Problem != "":
		return symptom{what, "bad", c.Listen + ": " + c.Problem}
	case c.EndsSoon(now):
		return symptom{what, "note", ending(c, now) + "; renew it, new files are read without a restart"}
	}
	return symptom{what, "ok", fmt.Sprintf("%v until %s", c.Names, c.Until.UTC().Format("2006-01-02"))}
}

func ending(c certificate.Status, now time.Time) string {
	return fmt.Sprintf("%s on %s ends in %d days, on %s", c.Source, c.Listen, int(c.Until.Sub(now).Hours()/24), c.Until.UTC().Format("2006-01-02 15:04 UTC"))
}

// warnCertificates prints what is wrong with certificates, or soon will be.
func (s *session) warnCertificates(ctx context.Context) {
	now := time.Now()
	for _, c := range s.certificates(ctx) {
		if f := symptomOf(c, now); f.State != "ok" {
			fmt.Fprintf(s.errs, "%s %s: %s\n", s.paint(s.errs, map[string]colour{"note": yellow, "bad": red}[f.State], "warning:"), f.What, f.Detail)
		}
	}
}

func (s *session) certificates(ctx context.Context) []certificate.Status {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	h, err := admin.NewClient(proxy.SocketIn(s.layout().proxy())).Health(ctx)
	if err != nil {
		return nil // whoever asks is told elsewhere that none answers
	}
	return h.Certificates
}
