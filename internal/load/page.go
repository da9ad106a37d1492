package load

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// sideBySide is how many assets a user fetches at once, as browsers do by
	// HTTP/1.1.
	sideBySide = 6
	// mostAssets is how many assets of one document are fetched.
	mostAssets = 100
)

// page loads a document and its assets, and counts them one by one and as a
// whole. A load that is called off in between counts nowhere as a page.
func (v *visit) page(p *pageCall) ending {
	document := v.exchange(p.document, v.due, p.find)
	v.at.side.tally.request(p.document.row, v.at, document)
	loaded := *document
	if document.ending() == whole {
		assets := p.assets
		if p.find {
			assets = v.found(p, document)
		}
		v.fetch(p, assets, &loaded)
	}
	v.met(&loaded)
	v.due = loaded.done
	if !loaded.cancelled {
		v.at.side.tally.page(p.row, &loaded)
	}
	return loaded.ending()
}

// fetch gets the assets and adds what became of them to the page.
func (v *visit) fetch(p *pageCall, assets []*call, loaded *exchange) {
	var next atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	for range min(sideBySide, len(assets)) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(assets) {
					return
				}
				if v.load.over() {
					mu.Lock()
					loaded.cancelled = true
					mu.Unlock()
					return
				}
				x := v.exchange(assets[i], time.Now(), false)
				v.at.side.tally.request(p.assetRow, v.at, x)
				mu.Lock()
				loaded.add(x)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// add takes the fate of an asset over into that of the page: the first fault
// counts, and an asset without an answer leaves the page without an end.
func (x *exchange) add(asset *exchange) {
	x.in, x.out = x.in+asset.in, x.out+asset.out
	x.cancelled = x.cancelled || asset.cancelled
	if asset.done.After(x.done) {
		x.done = asset.done
	}
	if asset.fault != "" && (x.fault == "" || x.fault.answered() && !asset.fault.answered()) {
		x.fault, x.detail = asset.fault, "an asset: "+asset.detail
	}
}

var (
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	// script is one with what stands in it, which may look like tags.
	script    = regexp.MustCompile(`(?is)(<script\b(?:"[^"]*"|'[^']*'|[^>"'])*>).*?</script\s*>`)
	assetTag  = regexp.MustCompile(`(?is)<(script|img|link)\b((?:"[^"]*"|'[^']*'|[^>"'])*)>`)
	attribute = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)`)
	linkKind  = regexp.MustCompile(`(?i)\b(stylesheet|icon|preload|modulepreload)\b`)
)

// found makes calls of the assets that a document names and that come from
// the same target. What a script would load is not known here.
func (v *visit) found(p *pageCall, document *exchange) []*call {
	var calls []*call
	for _, path := range findAssets(document.body, document.address) {
		calls = append(calls, &call{row: p.assetRow, name: p.document.name, method: "GET", follow: true, escape: plain,
			path: template{texts: []string{path}}, headers: p.document.headers})
	}
	return calls
}

// findAssets lists the paths of scripts, styles and images in an HTML
// document that come from where it came from, each once.
func findAssets(body []byte, from *url.URL) []string {
	var paths []string
	for _, tag := range assetTag.FindAllSubmatch(script.ReplaceAll(comment.ReplaceAll(body, nil), []byte("$1")), -1) {
		name := attributeOf(string(tag[1]), tag[2])
		if name == "" {
			continue
		}
		u, err := from.Parse(name)
		if err != nil || u.Scheme != from.Scheme || u.Host != from.Host {
			continue
		}
		if path := u.RequestURI(); !slices.Contains(paths, path) && len(paths) < mostAssets {
			paths = append(paths, path)
		}
	}
	return paths
}

// attributeOf returns what a tag loads, "" for nothing.
func attributeOf(tag string, text []byte) string {
	values := map[string]string{}
	for _, a := range attribute.FindAllSubmatch(text, -1) {
		value := string(a[2])
		if value[0] == '"' || value[0] == '\'' {
			value = value[1 : len(value)-1]
		}
		values[strings.ToLower(string(a[1]))] = html.UnescapeString(value)
	}
	if strings.ToLower(tag) != "link" {
		return values["src"]
	}
	if !linkKind.MatchString(values["rel"]) {
		return ""
	}
	return values["href"]
}
