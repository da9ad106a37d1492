package config

// swarm reports whether instances are services of a Docker Swarm.
func (r Runtime) swarm() bool { return r.Type == runtimeSwarm }

// validateSwarm reports what the services of a Swarm cannot have.
func (r Runtime) validateSwarm(tell report) {
	if r.swarm() && r.Reach == "direct" {
		tell("reach", "the machine itself cannot reach the addresses that tasks have in the networks of a swarm", "remove it: each task gets a port of the node it runs on")
	}
}

// swarm warns of secrets that everybody who may look at a service can read.
func (l lint) swarm(a *App) {
	if !a.Spec.Runtime.swarm() {
		return
	}
	for name, c := range a.Spec.Components {
		if c.SecretFiles {
			continue
		}
		for _, env := range []map[string]Text{a.Spec.Config.Env, c.Env} {
			for _, value := range env {
				if isReference(string(value)) {
					l.warn("secret-in-service", entry("spec.components", name), "its secrets become variables of a service, which the swarm stores and docker service inspect shows", "write secretFiles: true, and have the program read NAME_FILE")
					return
				}
			}
		}
	}
}
