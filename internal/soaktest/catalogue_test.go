package soaktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/testkit/fault"
)

// The lanes: what of a stage a fault breaks.
const (
	controllerLane = "controller"
	frontLane      = "data plane"
	instanceLane   = "instance"
	machineLane    = "machine"
)

// kind is a kind of fault with how it is made.
type kind struct {
	fault.Kind
	// blame says that a release may be taken back because of it.
	blame bool
	// arm makes the fault of a strike; victim is the instance it is to hit, if
	// it hits one.
	arm func(s fault.Strike) (f fault.Fault, victim string, err error)
}

// catalogue lists everything that can break on this stage.
func (s *stage) catalogue(k *keeper) []kind {
	return slices.Concat(s.controllerFaults(k), s.frontFaults(), s.instanceFaults(), s.machineFaults(k))
}

// kinds lists them as a plan wants them.
func kinds(all []kind) []fault.Kind {
	var list []fault.Kind
	for _, k := range all {
		list = append(list, k.Kind)
	}
	return list
}

// simple is a kind that hits no instance and is always the same.
func simple(lane string, blame bool, least, most time.Duration, f fault.Fault) kind {
	return kind{fault.Kind{Name: f.Name(), Lane: lane, Least: least, Most: most}, blame,
		func(fault.Strike) (fault.Fault, string, error) { return f, "", nil }}
}

const (
	moment = 200 * time.Millisecond
	while  = 3 * time.Second
)

func (s *stage) controllerFaults(k *keeper) []kind {
	pid := func(context.Context) (int, error) { return int(k.pid.Load()), nil }
	return []kind{
		simple(controllerLane, false, 0, 0, fault.Kill{Victim: "the controller", Pid: pid}),
		simple(controllerLane, false, moment, while, fault.Freeze{Victim: "the controller", Pid: pid}),
		rename("control ", simple(controllerLane, false, moment, while, fault.DeadSocket{Path: s.path("control.sock")})),
	}
}

// rename tells apart what strikes several sockets.
func rename(before string, k kind) kind {
	k.Name = before + k.Name
	return k
}

func (s *stage) frontFaults() []kind {
	pid := func(ctx context.Context) (int, error) {
		h, err := s.front.Health(ctx)
		return h.PID, err
	}
	socket := proxy.SocketIn(s.path("proxy"))
	relay := func(harm fault.Harm, share float64) kind {
		k := simple(frontLane, false, moment, while, fault.Relay{Harm: harm})
		k.arm = func(st fault.Strike) (fault.Fault, string, error) {
			return fault.Relay{Path: socket, Harm: harm, Share: share, Seed: st.Pick, Delay: 50*time.Millisecond + time.Duration(st.Pick%950)*time.Millisecond}, "", nil
		}
		return k
	}
	return []kind{
		simple(frontLane, false, 0, 0, fault.Kill{Victim: "the data plane", Pid: pid}),
		simple(frontLane, true, moment, 1500*time.Millisecond, fault.Freeze{Victim: "the data plane", Pid: pid}),
		relay(fault.Drops, 0.5), relay(fault.Delays, 1), relay(fault.Cuts, 0.5),
		rename("admin ", simple(frontLane, false, moment, while, fault.DeadSocket{Path: socket})),
		rename("admin ", simple(frontLane, false, moment, while, fault.DeadSocket{Path: socket, Replace: true})),
	}
}

func (s *stage) instanceFaults() []kind {
	on := func(name string, least, most time.Duration, make func(id string) fault.Fault) kind {
		return kind{fault.Kind{Name: name, Lane: instanceLane, Least: least, Most: most}, true, func(st fault.Strike) (fault.Fault, string, error) {
			id, err := s.victim(st.Pick)
			if err != nil {
				return nil, "", err
			}
			return make(id), id, nil
		}}
	}
	find := func(id string) fault.Find {
		return func(context.Context) (int, error) {
			if pid := s.instancePid(id); pid != 0 {
				return pid, nil
			}
			return 0, fmt.Errorf("%s does not run", id)
		}
	}
	list := []kind{
		on("kill -9 of an instance", 0, 0, func(id string) fault.Fault { return fault.Kill{Victim: id, Pid: find(id)} }),
		on("stop and continue of an instance", moment, 6*time.Second, func(id string) fault.Fault { return fault.Freeze{Victim: id, Pid: find(id)} }),
		simple(instanceLane, true, while, 2*while, fault.Dial{Path: s.dials() + "/port", Setting: "1", Means: "port of the next instance stolen"}),
	}
	for _, mood := range fault.Moods() {
		list = append(list, on(string(mood), moment, 2*while, func(id string) fault.Fault { return fault.Moody{Dir: s.dials(), ID: id}.Put(mood) }))
	}
	return list
}

// errNobody means that no instance can be struck without leaving a side with
// none.
var errNobody = errors.New("no side has an instance to spare")

// victim picks an instance of a side that has another one.
func (s *stage) victim(pick uint64) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	st, err := s.front.Stats(ctx, "shop")
	if err != nil {
		return "", err
	}
	var ids []string
	for _, side := range []string{"blue", "green"} {
		r := st.Route.Sides.Blue
		if side == "green" {
			r = st.Route.Sides.Green
		}
		if len(r.Endpoints) < 2 {
			continue
		}
		for _, e := range r.Endpoints {
			ids = append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return "", errNobody
	}
	slices.Sort(ids)
	return ids[pick%uint64(len(ids))], nil
}

func (s *stage) machineFaults(k *keeper) []kind {
	clock, disk := fault.Clock{Path: s.dials() + "/clock"}, fault.Drag{Path: s.dials() + "/disk"}
	scaled := func(blame bool, like fault.Fault, most time.Duration, make func(pick uint64) fault.Fault) kind {
		return kind{fault.Kind{Name: like.Name(), Lane: machineLane, Least: moment, Most: most}, blame,
			func(st fault.Strike) (fault.Fault, string, error) { return make(st.Pick), "", nil }}
	}
	stop := fault.GrowthStop{Victim: "the controller", Pid: func(context.Context) (int, error) { return int(k.pid.Load()), nil }, Heirs: s.pids}
	list := []kind{
		simple(machineLane, true, moment, while, stop),
		scaled(false, disk.Slow(1), 2*while, func(pick uint64) fault.Fault { return disk.Slow(time.Duration(50+pick%450) * time.Millisecond) }),
		scaled(true, clock.Jump(1), 2*while, func(pick uint64) fault.Fault { return clock.Jump(time.Duration(1+pick%180) * time.Minute) }),
		scaled(true, clock.Jump(-1), 2*while, func(pick uint64) fault.Fault { return clock.Jump(-time.Duration(1+pick%180) * time.Minute) }),
	}
	if s.small {
		list = append(list, simple(machineLane, true, moment, while, fault.FullDisk{Dir: s.path()}))
	}
	return list
}

// pids lists every process of the stage.
func (s *stage) pids() []int {
	var list []int
	for _, p := range s.census() {
		list = append(list, p.pid)
	}
	return list
}
