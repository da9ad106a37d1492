package release

// The drivers of front ends that are not cutover's own.
const (
	NginxDriver   = "nginx"
	HAProxyDriver = "haproxy"
)

// Lacks says what the front end cannot do that cutover's own proxy does, each
// in a few words for people; none for cutover's own.
func (f Front) Lacks() []string {
	switch f.Driver {
	case NginxDriver:
		lacks := []string{
			"no shadow: requests cannot be copied",
			"sticky by header, cookie or address alone: users get no cookie of cutover's",
			"streams count as requests and are not closed one by one: worker_shutdown_timeout ends them",
			"no ledger: requests are counted from its log when they end, and an answer that broke off counts as a client that went away",
			"requests are not held back while no instance can take them",
			"each change of the split is a reload, which closes idle connections of users: a request that is sent on one in that moment is lost, unless the client sends it again",
		}
		if f.PrivateListen == "" {
			lacks = append(lacks, "the new version is not reached before it has traffic, unless privateGreen names an address")
		}
		return lacks
	case HAProxyDriver:
		return []string{
			"no shadow: requests cannot be copied",
			"sticky as its frontend says: affinity changes nothing",
			"streams count as requests and are not closed one by one: timeout tunnel ends them",
			"no ledger but its own counters: how long answers take is not known per side, and each failed request counts for itself",
			"requests are not held back by cutover while no instance can take them",
			"the new version is not reached before it has traffic, unless a frontend of yours does it",
		}
	}
	return nil
}

// Advice says how a front end that is not cutover's own is best set up, so that
// as little as possible of what it lacks is felt; each in a few words for people.
func (f Front) Advice() []string {
	switch f.Driver {
	case NginxDriver:
		return []string{
			"keepalive_timeout 0 in its server, at least while a release shifts: then a reload costs nobody a request",
			"few steps: each is a reload",
			"worker_shutdown_timeout longer than your longest request",
		}
	case HAProxyDriver:
		advice := []string{
			"expose-fd listeners at its stats socket, so that a reload refuses nobody",
			"hard-stop-after longer than your longest request",
		}
		if f.HAProxy.State == "" {
			advice = append([]string{"spec.traffic.haproxy.state: without it all servers are closed after a reload until cutover has looked"}, advice...)
		}
		return advice
	}
	return nil
}
