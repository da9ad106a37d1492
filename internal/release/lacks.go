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
			"users are known by header, cookie or address, and get no cookie of cutover's",
			"streams count as requests and are not closed one by one: worker_shutdown_timeout ends them",
			"requests are counted when they end, and an answer that broke off counts as a client that went away",
			"requests are not held back while no instance can take them",
			"each change of the split is a reload, which closes idle connections of users",
		}
		if f.PrivateListen == "" {
			lacks = append(lacks, "the new version is not reached before it has traffic, unless privateGreen names an address")
		}
		return lacks
	case HAProxyDriver:
		return []string{
			"no shadow: requests cannot be copied",
			"users are known as its frontend says, and affinity changes nothing",
			"streams count as requests and are not closed one by one: timeout tunnel ends them",
			"how long answers take is not known per side, and each failed request counts for itself",
			"requests are not held back by cutover while no instance can take them",
			"the new version is not reached before it has traffic, unless a frontend of yours does it",
		}
	}
	return nil
}
