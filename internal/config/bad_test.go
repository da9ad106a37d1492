package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cutover/internal/config"
)

// shop is a good file. Each bad input below is made by replacing one piece.
const shop = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["./shop-{{version}}", "--port", "{{port}}"]
      replicas: 2
      health: {path: /health}
  config:
    env: {SHOP_MODE: live}
  traffic:
    listen: "127.0.0.1:8080"
---
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  from: v1
  to: v2
  strategy: {type: canary, steps: [5, 50, 100], hold: 5m}
  checks:
    smoke:
      - {http: /health}
  guard: {margin: 1%}
  drain: {wait: 30s}
---
apiVersion: cutover/v1
kind: Policy
metadata: {name: production}
spec:
  windows: {allow: ["02:00-05:00 UTC"]}
  require: {smoke: true, minStandby: 24h}
`

// bad is a mistake: what stands in place of what, where it is reported, and
// what the message says.
type bad struct {
	old, new string
	at       string
	says     []string
}

var notation = []bad{
	{"      replicas: 2", "\treplicas: 2", "8:1", []string{"a tab is used", "replace the tab"}},
	{"      replicas: 2", "     replicas: 2", "8:6", []string{"indentation fits no level", "same number of spaces"}},
	{`["./shop-{{version}}", "--port", "{{port}}"]`, `{{version}}`, "7:17", []string{"a value begins with {", `"{{version}}"`}},
	{`["./shop-{{version}}", "--port", "{{port}}"]`, `["./shop", "--port"`, "8:7", []string{"a [ has no ]", "on this line or one before"}},
	{"{path: /health}", "{path: /health", "10:3", []string{"a { has no }", "on this line or one before"}},
	{`"127.0.0.1:8080"`, `"127.0.0.1:8080`, "13:13", []string{"a quote that is not closed"}},
	{`to: v2`, `to: v: 2`, "20:7", []string{`a second ": " on one line`, "in quotes"}},
	{`to: v2`, `to: @v2`, "20:7", []string{"reserves", "in quotes"}},
	{`from: v1`, `from: - v1`, "19:9", []string{"a list begins in the middle of a line", "[a, b]"}},
	{`from: v1`, "from: v1\n  v1", "20:3", []string{"text without a key"}},
	{`from: v1`, `from: &old v1`, "19:9", []string{"anchors", "write the value itself"}},
	{`replicas: 2`, `replicas: !!int 2`, "8:17", []string{"tags (!)", "write the value itself"}},
	{`  from: v1`, `  ? from`, "19:3", []string{"a key must be plain text", "key: value"}},
}

var documents = []bad{
	{shop, "", "shop.yaml", []string{"the file says nothing", "begin with: apiVersion: cutover/v1"}},
	{shop, "# only a comment\n", "shop.yaml", []string{"the file says nothing"}},
	{shop, "just text\n", "1:1", []string{"a document is a group of keys, but this is text"}},
	{shop, "- a\n- b\n", "1:1", []string{"but this is a list"}},
	{shop, "\xff\xfe", "shop.yaml", []string{"not UTF-8", "save it as UTF-8"}},
	{shop, "a: \x00", "shop.yaml", []string{"a zero byte"}},
	{shop, strings.Repeat("#", 128<<10+1), "shop.yaml", []string{"more than 128 KiB"}},
	{shop, strings.Repeat("[", 300), "shop.yaml", []string{"more than 200 brackets are open"}},
	{shop, strings.Repeat("- ", 40), "1:67", []string{"nested deeper than 32 levels"}},
	{"cutover/v1\nkind: Policy", "cutover/v2\nkind: Policy", "28:13", []string{`"cutover/v2" is not known`, `did you mean "cutover/v1"?`}},
	{"apiVersion: cutover/v1\nkind: Policy", "kind: Policy", "28:1", []string{"apiVersion: it is missing", "add apiVersion: cutover/v1"}},
	{"kind: Policy\n", "", "28:1", []string{"kind: it is missing", "add kind: App, Policy or Release"}},
	{"kind: Policy", "kind: Policies", "29:7", []string{`"Policies" is not known`, `did you mean "Policy"?`}},
	{"kind: Policy", "kind: Deployment", "29:7", []string{`"Deployment" is not known`, "write App, Policy or Release"}},
	{"metadata: {name: production}", "metadata: {}", "30:11", []string{"metadata.name: it is missing", "add name: production"}},
	{"metadata: {name: production}", "metadata: {name: ''}", "30:18", []string{"metadata.name: there is no value", "write name: production"}},
	{"metadata: {name: production}", "metadata:", "30:1", []string{"metadata: there is no value"}},
	{"{name: production}", "{name: My Policy}", "30:18", []string{`"My Policy" is not a name`, `such as "my-policy"`}},
	{"{name: production}", "{name: " + strings.Repeat("a", 42) + "}", "30:18", []string{"is not a name", "at most 41"}},
	{"app: shop}", "app: shoop}", "17:32", []string{`no app "shoop"`, `did you mean "shop"?`}},
	{"app: shop}", "app: other}", "17:32", []string{`no app "other"`, "kind: App too"}},
	{"app: shop}", "ap: shop}", "17:27", []string{"metadata.ap: there is no such key", `did you mean "app"?`}},
	{"kind: Policy", "kind: Release", "", []string{"30:11: metadata.app: it is missing", "spec.windows: there is no such key"}},
}

var keys = []bad{
	{"  traffic:", "  trafic:", "12:3", []string{"spec.trafic: there is no such key", `did you mean "traffic"?`, "   12 |   trafic:\n      |   ^"}},
	{"      replicas: 2", "      replicas: 2\n      replicas: 3", "9:7", []string{"spec.components.web.replicas: the key is there twice", "remove one of the two"}},
	{"{SHOP_MODE: live}", "{SHOP_MODE: live, SHOP_MODE: test}", "11:28", []string{"spec.config.env.SHOP_MODE: the key is there twice"}},
	{"  to: v2", "  to: v2\n  standby: 2h", "21:3", []string{"spec.standby: there is no such key", `"standby" belongs in spec.strategy`}},
	{"  to: v2", "  to: v2\n  xyzzy: 2h", "21:3", []string{"spec.xyzzy: there is no such key", "the keys here are from, to, schema, backup, rehearse, cache, components, strategy"}},
	{"listen: \"127.0.0.1:8080\"", "path: /", "12:3", []string{"spec.traffic.listen: it is missing", `add listen: "127.0.0.1:8080"`}},
	{"command: [\"./shop-{{version}}\", \"--port\", \"{{port}}\"]\n", "dir: .\n", "6:5", []string{"web.command: it is missing", `add command: ["./shop"`}},
	{"  to: v2\n", "", "18:1", []string{"spec.to: it is missing", "add to: v2"}},
	{"  to: v2", "  to:", "20:3", []string{"spec.to: there is no value"}},
	{"  to: v2", "  to: {}", "20:7", []string{"spec.to.version: it is missing", "add version: v2"}},
}

var kinds = []bad{
	{"replicas: 2", "replicas: two", "8:17", []string{"it must be a whole number, but this is text", "write a whole number"}},
	{"replicas: 2", `replicas: "2"`, "8:17", []string{"it must be a whole number", "remove the quotes"}},
	{"replicas: 2", "replicas: 2.5", "8:17", []string{"2.5 is not a whole number", "digits only"}},
	{"replicas: 2", "replicas: 0", "8:17", []string{"0 is too small, the least is 1"}},
	{"replicas: 2", "replicas: 5000", "8:17", []string{"5000 is too large, the most is 1000"}},
	{"replicas: 2", "replicas: 99999999999999999999", "8:17", []string{"it must be a whole number", "write digits only"}},
	{"replicas: 2", "shell: 'yes'", "8:14", []string{"it must be true or false", "without quotes"}},
	{"listen: \"127.0.0.1:8080\"", "listen: 8080", "13:13", []string{"it must be text, but this is the number 8080", `put it in quotes: "8080"`}},
	{"listen: \"127.0.0.1:8080\"", "listen: [a]", "13:13", []string{"it must be text, but this is a list"}},
	{"health: {path: /health}", "health: /health", "9:15", []string{"it must be a group of keys (path, command, every, timeout, failures), but this is text"}},
	{"env: {SHOP_MODE: live}", "env: shop.env", "11:10", []string{"it must be a group of name: value, but this is text"}},
	{"env: {SHOP_MODE: live}", "env: {SHOP_MODE: [live]}", "11:22", []string{"spec.config.env.SHOP_MODE: it must be text, but this is a list"}},
	{"env: {SHOP_MODE: live}", "files: shop.toml", "11:12", []string{"it must be a list, but this is text", "put it in brackets: [shop.toml]"}},
	{"strategy: {type: canary, steps: [5, 50, 100], hold: 5m}", "strategy: [canary]", "21:13", []string{"it must be one value (type) or a group of keys (type, pace, steps, hold"}},
	{"wait: 30s", "wait: {of: 30s}", "26:17", []string{"it must be a duration such as 30s, 10m or 7d, but this is a group of keys"}},
	{"hold: 5m", "hold: {atLeast: 5m, atLeastRequests: many}", "21:86", []string{"spec.strategy.hold.atLeastRequests: it must be a whole number"}},
}

var values = []bad{
	{"wait: 30s", "wait: 10", "26:17", []string{"spec.drain.wait: 10 has no unit", "write 10s, 10m, 10h or 10d"}},
	{"wait: 30s", "wait: 10 minutes", "26:17", []string{`"10 minutes" is not a duration`, `did you mean "10m"?`}},
	{"wait: 30s", "wait: 3 months", "26:17", []string{"is not a duration", "write a number with a unit: 30s"}},
	{"wait: 30s", "wait: -5s", "26:17", []string{`"-5s" is not a duration`}},
	{"wait: 30s", "wait: 4000d", "26:17", []string{"4000d is too long"}},
	{"wait: 30s", "wait: 30s, onTimeout: kill", "26:33", []string{`"kill" is not one of the choices`, "write force, pause or wait"}},
	{"margin: 1%", "margin: 0.01", "25:19", []string{"0.01 has no percent sign", "write 1% or 0.01%"}},
	{"margin: 1%", "margin: 0%", "25:19", []string{"0% can be shown by no amount of evidence", "write auto"}},
	{"margin: 1%", "falseAlarms: 0%", "25:24", []string{"no amount of evidence gives a chance of 0%"}},
	{"margin: 1%", "outage: 100%", "25:19", []string{"no version fails more than all of its requests"}},
	{"margin: 1%", "slower: fast", "25:19", []string{`"fast" is not a percentage`}},
	{"steps: [5, 50, 100]", "steps: [5, 95, 100], holdback: 5", "21:59", []string{"would not be larger than the one before"}},
	{"type: canary, steps: [5, 50, 100]", "type: blue-green, holdback: 5", "21:42", []string{"only a canary holds a share back"}},
	{"type: canary, steps: [5, 50, 100], hold: 5m", "type: rolling, pace: adaptive", "21:35", []string{"not by evidence"}},
	{"margin: 1%", "margin: 101%", "25:19", []string{"101% is not between 0% and 100%"}},
	{"margin: 1%", "onFailure: rolback", "25:22", []string{`"rolback" is not one of the choices`, `did you mean "rollback"?`}},
	{"[5, 50, 100]", "[5, 50%, lots]", "21:44", []string{`spec.strategy.steps[2].weight: "lots" is not a percentage`}},
	{"[5, 50, 100]", "[50, 5, 100]", "21:40", []string{"steps[1].weight: 5% does not come after 50%", "let the steps grow"}},
	{"[5, 50, 100]", "[5, 50]", "21:39", []string{"the last step is 50%", "add 100 as the last step"}},
	{"[5, 50, 100]", "[0, 100]", "21:36", []string{"a step of 0% moves nothing"}},
	{"[5, 50, 100]", "[]", "21:35", []string{"there are no steps"}},
	{"type: canary", "type: canery", "21:20", []string{`"canery" is not one of the choices`, `did you mean "canary"?`}},
	{"hold: 5m", "shadow: {share: 0}", "21:65", []string{"spec.strategy.shadow.share: a share of 0% copies nothing"}},
	{"hold: 5m", "shadow: {writes: true}", "21:66", []string{"shadow.writes: copies that change something must not reach the state of production", "add target: host:port"}},
	{"hold: 5m", "shadow: {target: nowhere}", "21:66", []string{`shadow.target: "nowhere" is not host:port`}},
	{"hold: 5m", "shadow: {ignore: ['*']}", "21:67", []string{"would leave nothing to compare"}},
	{"hold: 5m", "shadow: {atLeast: 2h, atMost: 1h}", "21:79", []string{"at most 1h is less than at least 2h"}},
	{"{type: canary, steps: [5, 50, 100], hold: 5m}", "{type: rolling, shadow: 5%}", "21:37", []string{"a rolling update has no place beside the old instances"}},
	{"{type: canary, steps: [5, 50, 100], hold: 5m}", "{type: shadow, steps: [100]}", "21:35", []string{"only a canary has steps"}},
	{"type: canary", "type: blue-green", "21:39", []string{"only a canary has steps"}},
	{"hold: 5m", "rolling: {parallelism: 1}", "21:58", []string{"the type is canary, so nothing of this would count"}},
	{"{type: canary, steps: [5, 50, 100], hold: 5m}", "{type: rolling, rolling: {parallelism: 3}}", "21:52", []string{"3 is more than the 2 instances there are"}},
	{"hold: 5m", "hold: {atLeast: 2h, atMost: 1h}", "21:77", []string{"at most 1h is less than at least 2h"}},
	{"from: v1", "from: v2", "20:7", []string{"from and to are both v2"}},
	{"to: v2", "to: v2;reboot", "20:7", []string{`"v2;reboot" is not a version`}},
	{"to: v2", "to: ../v2", "20:7", []string{`"../v2" is not a version`}},
	{"to: v2", "to: {version: v2, shell: true}", "20:28", []string{"there is no command here for the shell"}},
	{"to: v2", "tries: {pause: 2m}\n  to: v2", "", []string{"spec.tries.maxPause: 1m is less than the pause of 2m"}},
	{"to: v2", "to: v2\n  ready: {within: 0}", "21:19", []string{"spec.ready.within: it must be more than 0"}},
}

var appValues = []bad{
	{"  config:", "  runtime: {type: kubernetes}\n  config:", "10:19", []string{`"kubernetes" is not available yet`, "write command, docker, process, static or swarm"}},
	{"  config:", "  runtime: {type: dokcer}\n  config:", "10:19", []string{`"dokcer" is not one of the choices`, `did you mean "docker"?`}},
	{"    listen:", "    driver: gatewayapi\n    listen:", "13:13", []string{`"gatewayapi" is not available yet`, "embedded", "nginx", "haproxy"}},
	{"    web:\n", "    worker: {command: work, health: {}}\n    web:\n", "6:13", []string{"web and worker serve the users, and one can", "write type: worker or type: singleton"}},
	{"    web:\n", "    Web:\n", "6:5", []string{`"Web" is not a name`, `such as "web"`}},
	{`"{{port}}"`, `"{{prot}}"`, "7:16", []string{"{{prot}} is not a placeholder", "did you mean {{port}}?"}},
	{`"{{port}}"`, `"{{ port }}"`, "7:16", []string{"{{ port }} is not a placeholder", "did you mean {{port}}?"}},
	{`["./shop-{{version}}", "--port", "{{port}}"]`, `"./shop 'x"`, "7:16", []string{"a ' in the command is not closed", "list of words"}},
	{`["./shop-{{version}}", "--port", "{{port}}"]`, `[]`, "7:16", []string{"the command names no program"}},
	{`["./shop-{{version}}", "--port", "{{port}}"]`, `" "`, "7:16", []string{"the command names no program"}},
	{"replicas: 2", "shell: true", "7:16", []string{"a shell takes one text, not a list"}},
	{"replicas: 2", "dir: \"{{port}}\"", "8:12", []string{"{{port}} is not a placeholder", "{{app}}, {{version}}"}},
	{"replicas: 2", "stop: {signal: SIGTERM}", "8:22", []string{`"SIGTERM" is not one of the choices`, `did you mean "TERM"?`}},
	{"path: /health}\n  config", "path: health}\n  config", "9:22", []string{"a path begins with /", "write /health"}},
	{"path: /health}\n  config", "every: 0s}\n  config", "9:23", []string{"it must be more than 0"}},
	{"SHOP_MODE: live", "SHOP-MODE: live", "11:22", []string{`"SHOP-MODE" is not the name of an environment variable`}},
	{"SHOP_MODE: live", "SHOP_MODE:", "11:11", []string{"SHOP_MODE: there is no value"}},
	{"SHOP_MODE: live", "SHOP_MODE: 'env:'", "11:22", []string{"env: must be followed by the name"}},
	{"SHOP_MODE: live", "SHOP_MODE: 'file:'", "11:22", []string{"file: must be followed by the path"}},
	{"SHOP_MODE: live", "LISTEN: ':{{prot}}'", "11:19", []string{"{{prot}} is not a placeholder", "did you mean {{port}}?"}},
	{"SHOP_MODE: live", "CUTOVER_SIDE: blue", "11:25", []string{"set by cutover itself"}},
	{`"{{port}}"`, `"{{files}}/x"`, "7:16", []string{"the folder of the configuration files, and there are none", "files: [...]"}},
	{"env: {SHOP_MODE: live}", "files: [a/x.toml, b/x.toml]", "11:23", []string{"a/x.toml and b/x.toml would have the same name"}},
	{`"127.0.0.1:8080"`, `"8080"`, "13:13", []string{`"8080" is not host:port`, `"127.0.0.1:8080", or ":8080"`}},
	{`"127.0.0.1:8080"`, `"127.0.0.1:99999"`, "13:13", []string{`the port "99999" is not between 1 and 65535`}},
	{`"127.0.0.1:8080"`, `"127.0.0.1:0"`, "13:13", []string{`the port "0"`}},
	{"    listen:", "    privateGreen: \"127.0.0.1:8080\"\n    listen:", "13:19", []string{"it is the address users connect to"}},
	{"    listen:", "    hosts: [Shop.example]\n    listen:", "13:13", []string{`"Shop.example" is not a host`}},
	{"    listen:", "    affinity: {off: true, cookie: sid}\n    listen:", "13:15", []string{"off together with a header or cookie"}},
	{"    listen:", "    path: shop\n    listen:", "13:11", []string{"a path begins with /"}},
}

var checkValues = []bad{
	{"{http: /health}", "{http: /health, run: [x]}", "24:9", []string{"a check needs either http or run"}},
	{"{http: /health}", "{}", "24:9", []string{"a check needs either http or run"}},
	{"{http: /health}", "{http: health}", "24:16", []string{"a path begins with /"}},
	{"{http: /health}", "{http: /health, expect: OK}", "24:33", []string{`"OK" is not a status`, "from 100 to 599"}},
	{"{http: /health}", "{http: /health, expect: [200, 999]}", "24:33", []string{"a status is a number from 100 to 599"}},
	{"{http: /health}", "{http: /health, expect: {regexp: 'a('}}", "24:42", []string{"missing closing )"}},
	{"{http: /health}", "{http: {path: /health, method: get}}", "24:40", []string{`"get" is not one of the choices`, `did you mean "GET"?`}},
	{"{http: /health}", "{http: {path: /health, headers: {'X Y': a}}}", "24:49", []string{`"X Y" cannot be the name of a header`}},
	{"{http: /health}", "{run: [x], expect: {regexp: a}}", "24:28", []string{"passes by exit code 0"}},
	{"      - {http: /health}", "      - {http: /health}\n      - {http: /health}", "25:9", []string{`another check is called "GET /health" too`}},
}

var policyValues = []bad{
	{"02:00-05:00 UTC", "02:00-05:00", "32:21", []string{"windows are in UTC", `write "02:00-05:00 UTC"`}},
	{"02:00-05:00 UTC", "02:00-05:00 CET", "32:21", []string{"windows are in UTC", `write "02:00-05:00 UTC"`}},
	{"02:00-05:00 UTC", "at night", "32:21", []string{`"at night" is not a window`, `"Mon-Fri 09:00-17:00 UTC"`}},
	{"02:00-05:00 UTC", "Mo-Fri 02:00-05:00 UTC", "32:21", []string{`"Mo-Fri" is not a day`, "Mon, Tue"}},
	{"02:00-05:00 UTC", "25:00-26:00 UTC", "32:21", []string{"a time that does not exist"}},
	{"02:00-05:00 UTC", "02:00-02:00 UTC", "32:21", []string{"the window has no length"}},
	{"minStandby: 24h", "minStandby: 48h", "21:13", []string{"spec.strategy.standby: policy production, require.minStandby: 24h is shorter than 2d", "write 2d or more"}},
	{"minStandby: 24h", "minSoak: 1h", "21:13", []string{"require.minSoak: 5m is shorter than 1h"}},
	{"minStandby: 24h", "maxFirstStep: 1%", "21:35", []string{"require.maxFirstStep: the first step is 5%, more than 1%", "begin with a step of 1% or less"}},
	{"minStandby: 24h", "maxFirstStep: 0", "", []string{"no release has a first step of 0%", "more than 0%"}},
	{"minStandby: 24h", "strategies: [rolling]", "21:20", []string{`require.strategies: "canary" is not allowed`, "write rolling"}},
	{"minStandby: 24h", "strategies: [roling]", "", []string{`did you mean "rolling"?`}},
	{"  checks:\n    smoke:\n      - {http: /health}\n", "", "18:1", []string{"spec.checks.smoke: policy production, require.smoke: there must be smoke checks"}},
}

func TestEveryMistakeIsNamedWithItsPlaceAndItsCure(t *testing.T) {
	t.Parallel()
	if _, err := config.Parse("shop.yaml", []byte(shop), "/srv/shop"); err != nil {
		t.Fatalf("the good file is refused: %v", err)
	}
	for group, list := range map[string][]bad{
		"notation": notation, "documents": documents, "keys": keys, "kinds": kinds,
		"values": values, "app": appValues, "checks": checkValues, "policy": policyValues, "database": databaseValues,
	} {
		for i, c := range list {
			t.Run(fmt.Sprintf("%s/%d", group, i), func(t *testing.T) {
				t.Parallel()
				c.check(t)
			})
		}
	}
}

func (c bad) check(t *testing.T) {
	if strings.Count(shop, c.old) != 1 {
		t.Fatalf("%q stands %d times in the good file; want once", c.old, strings.Count(shop, c.old))
	}
	_, err := config.Parse("shop.yaml", []byte(strings.Replace(shop, c.old, c.new, 1)), "/srv/shop")
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		t.Fatalf("with %q in place of %q: %v; want problems", c.new, c.old, err)
	}
	for _, p := range problems {
		if p.Reason == "" || p.Cure == "" {
			t.Errorf("no reason or no cure: %+v", p)
		}
	}
	for _, want := range c.says {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("with %q in place of %q:\n%v\nwant it to say %q", c.new, c.old, err, want)
		}
	}
	if c.at == "" {
		return
	}
	if len(problems) != 1 {
		t.Fatalf("with %q in place of %q: %d problems; want one\n%v", c.new, c.old, len(problems), err)
	}
	if at := problems[0].Place.String(); at != c.at && at != "shop.yaml:"+c.at {
		t.Errorf("with %q in place of %q: at %s; want %s\n%v", c.new, c.old, at, c.at, err)
	}
}
