package sample

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"price": price}).Parse(pageSource))

// look is how the page of one version differs from the others.
type look struct {
	Accent template.CSS
	News   string
}

var looks = map[string]look{
	"v1": {Accent: "#9a5b13"},
	"v2": {Accent: "#0d6b68", News: "New: orders over 30.00 travel free of charge."},
	"v3": {Accent: "#7a2e6d", News: "New: a till of our own making."},
	"v4": {Accent: "#2c6e2f", News: "New: the till is mended, and honey is back."},
}

// page answers with the shop's page. It is rendered before the first byte
// leaves, so a mistake in it is a 500 and not half a page.
func (s *shop) page(w http.ResponseWriter, r *http.Request) {
	var addresses []Address
	if s.database != nil {
		var err error
		if addresses, err = s.database.latest(r.Context(), addressesShown); err != nil {
			addressTrouble(w, err)
			return
		}
	}
	l, known := looks[s.version]
	if !known {
		l = look{Accent: "#4a4f57"}
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, map[string]any{
		"Version": s.version, "Instance": s.instance, "Look": l, "Items": stock,
		"Keeps": s.database != nil, "Addresses": addresses,
	})
	if err != nil {
		http.Error(w, "rendering the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}

func price(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
