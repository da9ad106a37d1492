// Package fault breaks things on purpose: processes, disks, clocks, sockets,
// ports and the manners of instances. Each kind is a small type; a Plan says,
// from a seed alone, when which of them strikes, and for how long.
//
// The faults are real wherever the kernel allows it. Two are not, and say so:
// the clock of a running process cannot be turned without turning everybody's,
// and a slow disk cannot be had without a kernel module. Both are hooks that
// the program under test has to read: see Dial.
//
// See DESIGN.md beside this file.
package fault
