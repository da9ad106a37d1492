package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"cutover/internal/environ"
	"cutover/internal/jsonpath"
	"cutover/internal/release"
)

// maxBody is how much of an answer is read.
const maxBody = 1 << 20

// client goes straight to the instance, follows no redirect, and opens a new
// connection each time, so that no idle one is left to be drained.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// request is an HTTP check made ready.
type request struct {
	spec    release.HTTPCheck
	headers map[string]string
	secrets []string
	fields  []field
	pattern *regexp.Regexp
}

// newRequest finds the secrets a valid check refers to.
func newRequest(spec release.HTTPCheck) (*request, error) {
	r := &request{spec: spec, headers: map[string]string{}}
	for name, value := range spec.Headers {
		if environ.IsReference(value) {
			secret, err := environ.Resolve(value)
			if err != nil {
				return nil, fmt.Errorf("resolve header %s: %w", name, err)
			}
			r.secrets = append(r.secrets, secret)
			value = secret
		}
		r.headers[name] = value
	}
	for _, text := range slices.Sorted(maps.Keys(spec.JSON)) {
		p, err := jsonpath.Parse(text)
		if err != nil {
			return nil, err
		}
		r.fields = append(r.fields, field{path: p, want: spec.JSON[text]})
	}
	if spec.Regexp != "" {
		pattern, err := regexp.Compile(spec.Regexp)
		if err != nil {
			return nil, fmt.Errorf("regexp: %w", err)
		}
		r.pattern = pattern
	}
	return r, nil
}

// put implements question.
func (r *request) put(ctx context.Context, in release.Instance) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method(), "http://"+in.Addr+r.spec.Path, strings.NewReader(r.spec.Body))
	if err != nil {
		return answer{}, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("User-Agent", "cutover")
	for name, value := range r.headers {
		req.Header.Set(name, value)
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value
		}
	}
	began := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return r.noAnswer(ctx, err), nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	took := time.Since(began)
	if err != nil {
		return r.noAnswer(ctx, fmt.Errorf("status %d, then the body broke off: %w", res.StatusCode, err)), nil
	}
	return r.judge(res.StatusCode, string(body), took), nil
}

func (r *request) method() string {
	if r.spec.Method == "" {
		return http.MethodGet
	}
	return r.spec.Method
}

// noAnswer says why there was none.
func (r *request) noAnswer(ctx context.Context, err error) answer {
	var late timeoutError
	switch {
	case errors.As(context.Cause(ctx), &late):
		return answer{evidence: late.Error()}
	case errors.Is(err, syscall.ECONNREFUSED):
		return answer{evidence: "nothing listens there"}
	}
	return answer{evidence: r.show(err.Error())}
}

// judge compares an answer with all that is expected of it.
func (r *request) judge(status int, body string, took time.Duration) answer {
	seen := fmt.Sprintf("status %d in %s", status, took.Round(time.Microsecond*100))
	wrong := r.wrong(status, body, took)
	if len(wrong) == 0 {
		return answer{passed: true, evidence: seen}
	}
	return answer{evidence: fmt.Sprintf("%s; %s; body: %s", seen, r.show(strings.Join(wrong, ", ")), r.show(body))}
}

func (r *request) wrong(status int, body string, took time.Duration) []string {
	var wrong []string
	if !r.accepts(status) {
		wrong = append(wrong, "want status "+r.wanted())
	}
	if most := r.spec.MaxLatency; most > 0 && took > most {
		wrong = append(wrong, fmt.Sprintf("want an answer within %s", most))
	}
	if len(r.fields) > 0 {
		if len(body) > maxBody {
			wrong = append(wrong, "the body is longer than 1 MiB: no JSON is read from it")
		} else {
			wrong = append(wrong, wrongFields(body, r.fields)...)
		}
	}
	if r.pattern != nil && !r.pattern.MatchString(body[:min(len(body), maxBody)]) {
		wrong = append(wrong, fmt.Sprintf("want a match of %q in the first 1 MiB", r.pattern))
	}
	return wrong
}

// accepts takes any 2xx if the check names no status.
func (r *request) accepts(status int) bool {
	if len(r.spec.Status) == 0 {
		return status >= 200 && status <= 299
	}
	return slices.Contains(r.spec.Status, status)
}

func (r *request) wanted() string {
	if len(r.spec.Status) == 0 {
		return "2xx"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(r.spec.Status), " ", " or "), "[]")
}

// show makes text fit for evidence. Secrets are masked first: cut in two they
// could not be found any more.
func (r *request) show(text string) string {
	return head(readable(environ.Mask(text, r.secrets...)), maxExcerpt)
}
