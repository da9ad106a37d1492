package file_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/load/file"
)

// start is the beginning of a file that is in order as far as it goes.
const start = "apiVersion: cutover/v1\nkind: Load\nmetadata: {name: test}\nspec:\n"

// visit is a scenario that is in order.
const visit = "  scenarios: {visit: {steps: [{http: /}]}}\n"

// steps is a file whose only scenario has these steps.
func steps(lines string) string {
	return start + "  rate: 10/s\n  scenarios:\n    visit:\n      steps:\n" + lines
}

// bad are files with one mistake each, and the message that is wanted.
var bad = map[string]struct{ text, want string }{
	"unknown key":          {start + "  rat: 10/s\n" + visit, `bad.yaml:5:3: spec.rat: there is no such key; did you mean "rate"?`},
	"key elsewhere":        {start + "  rate: 10/s\n  think: 1s\n" + visit, `bad.yaml:6:3: spec.think: there is no such key; "think" belongs in spec.scenarios.NAME.login[]`},
	"unknown key deep":     {steps("        - http: {path: /, metod: POST}\n"), `bad.yaml:9:27: spec.scenarios.visit.steps[0].http.metod: there is no such key; did you mean "method"?`},
	"another kind":         {"apiVersion: cutover/v1\nkind: Laod\n", `bad.yaml:2:7: kind: "Laod" is not known; did you mean "Load"?`},
	"no kind":              {"apiVersion: cutover/v1\n", "bad.yaml:1:1: kind: it is missing; add kind: Load"},
	"no version":           {"kind: Load\n", "bad.yaml:1:1: apiVersion: it is missing; add apiVersion: cutover/v1"},
	"no name":              {"apiVersion: cutover/v1\nkind: Load\nmetadata: {}\nspec: {rate: 1/s, scenarios: {a: {steps: [{http: /}]}}}\n", "metadata.name: it is missing; add name: front-page"},
	"two documents":        {start + "  rate: 10/s\n" + visit + "---\nkind: Load\n", "bad.yaml:8:1: there is another document before this one; write each into a file of its own"},
	"no scenario":          {start + "  rate: 10/s\n", "spec.scenarios: it is missing; add scenarios: {visit:"},
	"empty scenarios":      {start + "  rate: 10/s\n  scenarios: {}\n", "bad.yaml:6:14: spec.scenarios: there is nothing to do; add a scenario"},
	"nothing sent":         {steps("        - think: 1s\n"), "bad.yaml:8:7: spec.scenarios.visit.steps: it sends nothing; add a request"},
	"no amount":            {start + visit, "bad.yaml:4:1: spec: it does not say how much is sent; add rate: 100/s"},
	"two amounts":          {start + "  rate: 10/s\n  users: 5\n" + visit, "bad.yaml:6:10: spec.users: rate and users are two ways"},
	"rate without time":    {start + "  rate: 10\n" + visit, `bad.yaml:5:9: spec.rate: "10" is not a rate; write 10/s, /m or /h`},
	"rate in days":         {start + "  rate: 10/d\n" + visit, `bad.yaml:5:9: spec.rate: "10/d" is not a rate; write a number and a time`},
	"rate beyond":          {start + "  rate: 1000000/s\n" + visit, "bad.yaml:5:9: spec.rate: 1e+06 iterations a second are more than 20000"},
	"no rate at all":       {start + "  rate: 0/s\n" + visit, "spec: it says nowhere how much is sent"},
	"users in letters":     {start + "  users: many\n" + visit, `bad.yaml:5:10: spec.users: "many" is not a number of users`},
	"users beyond":         {start + "  users: 0..20000\n" + visit, "bad.yaml:5:10: spec.users: 20000 users are more than 10000"},
	"bound of users":       {start + "  users: 5\n  inFlight: 10\n" + visit, "bad.yaml:6:13: spec.inFlight: users wait for their answers"},
	"time without unit":    {start + "  rate: 10/s\n  for: 30\n" + visit, "bad.yaml:6:8: spec.for: 30 has no unit; write 30s, 30m, 30h or 30d"},
	"no time":              {start + "  rate: 10/s\n  for: 0s\n" + visit, "bad.yaml:6:8: spec.for: it takes no time"},
	"too long":             {start + "  rate: 10/s\n  for: 2d\n" + visit, "bad.yaml:6:8: spec.for: 48h0m0s is longer than a load may take; write at most 24h"},
	"only warm-up":         {start + "  rate: 10/s\n  for: 10s\n  warmUp: 10s\n" + visit, "bad.yaml:7:11: spec.warmUp: nothing of the 10s would be left to measure"},
	"no timeout":           {start + "  rate: 10/s\n  timeout: 0s\n" + visit, "bad.yaml:6:12: spec.timeout: 0s is not between 1ms and 10m0s"},
	"mixed stages":         {start + "  stages: [{rate: 1/s, for: 1s}, {users: 5, for: 1s}]\n" + visit, "bad.yaml:5:34: spec.stages[1]: one stage has a rate and another has users"},
	"stages and rate":      {start + "  rate: 10/s\n  stages: [{rate: 1/s, for: 1s}]\n" + visit, "bad.yaml:5:9: spec.rate: it says again what the stages say"},
	"stage without time":   {start + "  stages: [{rate: 1/s}]\n" + visit, "bad.yaml:5:12: spec.stages[0].for: it is missing; add for: 30s"},
	"target with path":     {start + "  target: http://127.0.0.1:80/shop\n  rate: 10/s\n" + visit, "bad.yaml:5:11: spec.target: a target ends with its port, but this goes on; put the path into the requests"},
	"target without host":  {start + "  target: 127.0.0.1:80\n  rate: 10/s\n" + visit, `bad.yaml:5:11: spec.target: "127.0.0.1:80" is not the address of a target`},
	"target by ftp":        {start + "  target: ftp://127.0.0.1\n  rate: 10/s\n" + visit, `bad.yaml:5:11: spec.target: "ftp" is not spoken here`},
	"password in target":   {start + "  target: http://me:hunter22@127.0.0.1\n  rate: 10/s\n" + visit, "bad.yaml:5:11: spec.target: a target has no user and password in its address"},
	"relative path":        {steps("        - http: health\n"), `bad.yaml:9:17: spec.scenarios.visit.steps[0].http.path: "health" is not a path; begin it with one /`},
	"path with space":      {steps("        - http: /a b\n"), `"/a b" cannot be asked for; write characters such as space and # as %20 and %23`},
	"another host":         {steps("        - http: //elsewhere/x\n"), "is not a path; begin it with one /"},
	"unknown method":       {steps("        - http: {path: /, method: GTE}\n"), `bad.yaml:9:35: spec.scenarios.visit.steps[0].http.method: "GTE" is not one of the choices; did you mean "GET"?`},
	"two things in a step": {steps("        - http: /\n          page: /\n"), "bad.yaml:9:11: spec.scenarios.visit.steps[0]: a step is one of http, page and think"},
	"nothing in a step":    {steps("        - {name: x}\n        - http: /\n"), "a step is one of http, page and think"},
	"name of a pause":      {steps("        - {think: 1s, name: x}\n        - http: /\n"), "spec.scenarios.visit.steps[0].name: a pause has no answer to speak of"},
	"pause without unit":   {steps("        - think: 1..3\n        - http: /\n"), "bad.yaml:9:18: spec.scenarios.visit.steps[0].think: 1 has no unit; write 1s or 1ms"},
	"pause backwards":      {steps("        - think: 3s..1s\n        - http: /\n"), "bad.yaml:9:18: spec.scenarios.visit.steps[0].think: the pause ends before it begins"},
	"unknown variable":     {steps("        - http: /{{usr}}\n") + "  variables: {user: x}\n", `bad.yaml:9:17: spec.scenarios.visit.steps[0].http.path: {{usr}} is not known here; did you mean "user"?`},
	"captured too late":    {steps("        - http: /{{id}}\n        - http: /\n          capture: {id: {json: $.id}}\n"), "spec.scenarios.visit.steps[0].http.path: {{id}} is not known here"},
	"open braces":          {steps("        - http: {path: /, method: POST, body: \"{{id\"}\n"), "spec.scenarios.visit.steps[0].http.body: a {{ has no }}; close it: {{name}}"},
	"body and form":        {steps("        - http: {path: /, method: POST, body: x, form: {a: b}}\n"), "a request has a body or a form, not both"},
	"bad header":           {steps("        - http: {path: /, headers: {\"a b\": x}}\n"), `"a b" cannot be the name of a header`},
	"bad pattern":          {steps("        - http: /\n          expect: {regexp: \"(\"}\n"), "bad.yaml:10:28: spec.scenarios.visit.steps[0].expect.regexp: missing closing ): `(`"},
	"bad status":           {steps("        - http: /\n          expect: [200, 99]\n"), "spec.scenarios.visit.steps[0].expect.status: no answer ends with status 99"},
	"bad JSON path":        {steps("        - http: /\n          expect: {json: {result: x}}\n"), `JSON path "result" must begin with $`},
	"two captures":         {steps("        - http: /\n          capture: {id: {json: $.id, header: X-Id}}\n"), "bad.yaml:10:25: spec.scenarios.visit.steps[0].capture.id: a value is taken by one of regexp, json and header"},
	"name of a capture":    {steps("        - http: /\n          capture: {userNumber: {json: $.id}}\n"), "userNumber is a variable that every user has already"},
	"secret in the file":   {steps("        - http: {path: /, method: POST, form: {password: hunter22}}\n"), "password looks like a secret, and it would stand in the file; write env:NAME or file:PATH"},
	"secret as variable":   {start + "  rate: 10/s\n  variables: {token: abcdefgh}\n" + visit, "spec.variables.token: token looks like a secret"},
	"empty reference":      {start + "  rate: 10/s\n  variables: {token: \"env:\"}\n" + visit, "spec.variables.token: reference \"env:\" names no variable: write env:NAME"},
	"no data file":         {start + "  rate: 10/s\n  scenarios: {visit: {data: nowhere.csv, steps: [{http: /}]}}\n", "nowhere.csv; create it, or correct the path"},
	"uneven data":          {start + "  rate: 10/s\n  scenarios: {visit: {data: uneven.csv, steps: [{http: /}]}}\n", "bad.yaml:6:29: spec.scenarios.visit.data.file: uneven.csv:3: the line has another number of values than the first"},
	"quotes in data":       {start + "  rate: 10/s\n  scenarios: {visit: {data: quotes.csv, steps: [{http: /}]}}\n", `quotes.csv:2:4: bare " in non-quoted-field`},
	"data without rows":    {start + "  rate: 10/s\n  scenarios: {visit: {data: header.csv, steps: [{http: /}]}}\n", "header.csv has no row"},
	"data from a folder":   {start + "  rate: 10/s\n  scenarios: {visit: {data: ., steps: [{http: /}]}}\n", "is not a file; name a CSV file"},
	"column twice":         {start + "  rate: 10/s\n  variables: {a: x}\n  scenarios: {visit: {data: good.csv, steps: [{http: /}]}}\n", `the column "a" is a variable already`},
	"data per what":        {start + "  rate: 10/s\n  scenarios: {visit: {data: {file: good.csv, per: row}, steps: [{http: /}]}}\n", `spec.scenarios.visit.data.per: "row" is not one of the choices`},
	"no weight":            {start + "  rate: 10/s\n  scenarios: {visit: {weight: 0, steps: [{http: /}]}}\n", "bad.yaml:6:31: spec.scenarios.visit.weight: 0 is too small, the least is 1"},
	"threshold":            {start + "  rate: 10/s\n" + visit + "  thresholds: [p99 < 300]\n", `bad.yaml:7:16: spec.thresholds[0]: "300" is no limit for p99; write a time with a unit, such as 300ms`},
	"threshold's word":     {start + "  rate: 10/s\n" + visit + "  thresholds: [error < 1%]\n", `spec.thresholds[0]: "error" cannot be measured; did you mean "errors"?`},
	"threshold of nobody":  {start + "  rate: 10/s\n" + visit + "  thresholds: [p99 of GET /x < 1s]\n", `spec.thresholds[0]: there is no request or page "GET /x"; did you mean "GET /"?`},
	"not YAML":             {start + "  rate: [10/s\n", "a [ has no ]"},
	"a tab":                {start + "\trate: 10/s\n", "bad.yaml:5:1"},
	"nothing":              {"", "the file says nothing"},
	"a list":               {"- a\n", "a document is a group of keys, but this is a list"},
}

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"uneven.csv": "a,b\n1,2\n3\n", "quotes.csv": "a\nx y\"z\n", "header.csv": "a,b\n", "good.csv": "a,b\n1,2\n\"x, y\",\"say \"\"hi\"\"\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAMistakeInAFileHasItsPlaceAndItsCure(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for name, c := range bad {
		p, err := file.Parse("bad.yaml", []byte(c.text), dir)
		if err == nil {
			t.Errorf("%s: no mistake found; the plan is %+v", name, p)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the message is\n%s\nwant\n%s", name, err, c.want)
		}
		var problems config.Problems
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Errorf("%s: %T has no problems", name, err)
			continue
		}
		for _, one := range problems {
			if one.Place.File != "bad.yaml" || one.Reason == "" {
				t.Errorf("%s: a problem without place or reason: %+v", name, one)
			}
			if one.Cure == "" && name != "empty reference" && name != "bad JSON path" {
				t.Errorf("%s: a problem without a cure: %+v", name, one)
			}
		}
		if len(problems) > 1 {
			t.Errorf("%s: one mistake is told as %d:\n%s", name, len(problems), err)
		}
	}
}

func TestNoMessageShowsASecret(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"secret in the file", "secret as variable", "password in target"} {
		_, err := file.Parse("bad.yaml", []byte(bad[name].text), t.TempDir())
		for _, secret := range []string{"hunter22", "abcdefgh"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the message shows it: %v", name, err)
			}
		}
	}
}

func TestAFileThatCannotBeReadIsSaidSo(t *testing.T) {
	t.Parallel()
	if _, err := file.Load(filepath.Join(t.TempDir(), "nowhere.yaml")); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := file.Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
}
