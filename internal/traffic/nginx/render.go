package nginx

import (
	"fmt"
	"strings"

	"cutover/internal/release"
)

// Where the file says whose it is, and its route for those who read the file.
const (
	head      = "# cutover"
	statePart = "# route: "
)

// variable is the name, without $, that an app's side is found by.
func variable(app string) string { return "cutover_" + strings.ReplaceAll(app, "-", "_") }

// render writes the file.
func render(s served) (string, error) {
	word, err := s.encode()
	if err != nil {
		return "", err
	}
	v, f := variable(s.App), s.Route.Front
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the route of %s. Cutover writes this file; what is changed by hand is lost.\n%s%s\n\n", head, s.App, statePart, word)
	upstream(&b, v+"_blue", s.Route.Sides.Blue)
	upstream(&b, v+"_green", s.Route.Sides.Green)
	upstream(&b, v+"_none", release.SideRoute{})
	who(&b, v, f.Sticky)
	split(&b, v, s.Route)
	clients(&b, v, s.Route.Salt)
	fmt.Fprintf(&b, "log_format %s escape=json '%s';\n\n", v, logFormat(v))
	fmt.Fprintf(&b, "server {\n\tlisten %s reuseport;\n\taccess_log off;\n\tkeepalive_timeout 0;\n\tdefault_type text/plain;\n", f.Nginx.Proof)
	fmt.Fprintf(&b, "\tlocation = %s { return 200 \"$pid %s\\n\"; }\n\tlocation / { return 404; }\n}\n", proofPath(s.App), word)
	if f.PrivateListen != "" && s.Route.Private.Valid() {
		private(&b, f.PrivateListen, v+"_"+string(s.Route.Private))
	}
	return b.String(), nil
}

func proofPath(app string) string { return "/.cutover/" + app }

func upstream(b *strings.Builder, name string, s release.SideRoute) {
	fmt.Fprintf(b, "upstream %s {\n", name)
	for _, e := range s.Endpoints {
		fmt.Fprintf(b, "\tserver %s max_fails=0;\n", e.Addr)
	}
	if len(s.Endpoints) == 0 {
		// nginx takes no group without a server.
		b.WriteString("\tserver 127.0.0.1:1 down;\n")
	}
	if len(s.Endpoints) > 0 {
		b.WriteString("\tkeepalive 32;\n")
	}
	b.WriteString("}\n\n")
}

// who renders by what a user is known: the header, else the cookie, else the
// address.
func who(b *strings.Builder, v string, s release.Sticky) {
	last := "$remote_addr"
	if s.Off {
		last = "$request_id"
	}
	names := []struct{ variable, value string }{}
	if s.Cookie != "" {
		names = append(names, struct{ variable, value string }{v + "_by_cookie", "$cookie_" + s.Cookie})
	}
	if s.Header != "" {
		names = append(names, struct{ variable, value string }{v + "_by_header", "$http_" + strings.ToLower(strings.ReplaceAll(s.Header, "-", "_"))})
	}
	for _, n := range names {
		fmt.Fprintf(b, "map %s $%s {\n\t\"\" %s;\n\tdefault %s;\n}\n", n.value, n.variable, last, n.value)
		last = "$" + n.variable
	}
	fmt.Fprintf(b, "map %s $%s_who { default %s; }\n\n", last, v, last)
}

// split renders the choice between the sides. Green has the lower end of the
// scale, so that raising its weight moves nobody away from it.
func split(b *strings.Builder, v string, r release.Route) {
	green, blue := r.Sides.Green.Weight, r.Sides.Blue.Weight
	if only := v + "_none"; green == release.None || blue == release.None {
		switch {
		case green > release.None:
			only = v + "_green"
		case blue > release.None:
			only = v + "_blue"
		}
		fmt.Fprintf(b, "map \"\" $%s { default %s; }\n\n", v, only)
		return
	}
	fmt.Fprintf(b, "split_clients \"%s:$%s_who\" $%s {\n\t%d.%02d%% %s_green;\n\t* %s_blue;\n}\n\n",
		r.Salt, v, v, green/100, green%100, v, v)
}

// clients renders numbers by which the log tells users apart without having
// anything of them: two of two digits each.
func clients(b *strings.Builder, v, salt string) {
	for _, part := range []string{"a", "b"} {
		fmt.Fprintf(b, "split_clients \"%s/%s:$%s_who\" $%s_%s {\n", part, salt, v, v, part)
		for i := range 99 {
			fmt.Fprintf(b, "\t1%% %02d;\n", i)
		}
		b.WriteString("\t* 99;\n}\n")
	}
	b.WriteString("\n")
}

func private(b *strings.Builder, listen, to string) {
	fmt.Fprintf(b, "\nserver {\n\tlisten %s;\n\taccess_log off;\n\tlocation / {\n\t\tproxy_pass http://%s;\n", listen, to)
	b.WriteString("\t\tproxy_http_version 1.1;\n\t\tproxy_set_header Host $http_host;\n\t\tproxy_set_header Connection \"\";\n\t}\n}\n")
}
