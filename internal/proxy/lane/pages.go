package lane

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// retryAfter is when, in seconds, a client may ask again: soon, for a switch
// takes no longer.
const retryAfter = 5

// requestHeader names the request in the proxy's own answers, as its log does.
const requestHeader = "Cutover-Request"

// notice is an answer of the proxy's own. It says what happened and gives no
// address away.
type notice struct {
	status  int
	reason  string
	request string
	pages   *release.Pages
}

// show answers r. A client that asks for JSON gets JSON.
func (n notice) show(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if n.request != "" {
		h.Set(requestHeader, n.request)
	}
	switch n.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	kind, text := n.text(wantsJSON(r))
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(n.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(text)) // a client that hung up misses it
	}
}

func (n notice) text(asJSON bool) (kind, text string) {
	page := n.page()
	switch {
	case asJSON && (page == nil || !page.JSON):
		body, _ := json.Marshal(map[string]any{"status": n.status, "reason": n.reason, "request": n.request})
		return "application/json", string(body) + "\n"
	case page == nil:
		// It says who speaks: a bare 404 or 502 leaves people to search the
		// app for a fault it does not have.
		return "text/plain; charset=utf-8", fmt.Sprintf("cutover proxy: %d %s: %s\n", n.status, http.StatusText(n.status), n.reason)
	case page.JSON:
		return "application/json", n.fill(page.Text, inJSON)
	}
	return "text/html; charset=utf-8", n.fill(page.Text, html.EscapeString)
}

// page is the app's own for this status, nil for none.
func (n notice) page() *release.Page {
	if n.pages == nil {
		return nil
	}
	switch n.status {
	case http.StatusServiceUnavailable:
		if n.pages.Maintenance != nil {
			return n.pages.Maintenance
		}
		return n.pages.Error
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return n.pages.Error
	}
	return nil
}

func (n notice) fill(text string, escape func(string) string) string {
	return strings.NewReplacer("{{status}}", strconv.Itoa(n.status), "{{reason}}", escape(n.reason), "{{request}}", escape(n.request)).Replace(text)
}

// inJSON escapes text for the inside of a JSON string.
func inJSON(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted[1 : len(quoted)-1])
}

// wantsJSON reports whether JSON is named in Accept, and HTML not before it.
func wantsJSON(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for kind := range strings.SplitSeq(accept, ",") {
			kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
			switch kind = strings.TrimSpace(kind); {
			case kind == "text/html", kind == "application/xhtml+xml":
				return false
			case kind == "application/json", strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"):
				return true
			}
		}
	}
	return false
}
