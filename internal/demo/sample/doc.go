// Package sample is a small shop that runs as a real process: the app that
// the demo upgrades and that tests put behind the proxy. One program holds
// several versions; which one an instance is, its Options say.
//
// Every answer carries X-App-Version and X-Instance, and X-Request-Id if the
// request had one:
//
//	GET  /                  the shop's page
//	GET  /api/items         what is for sale
//	POST /api/orders        takes {"item","quantity"}; the order's id is the request's id
//	GET  /api/orders        how many orders this instance took, and the latest
//	GET  /slow?ms=2000      answers after that time; early=1 sends the head and one byte at once
//	GET  /events            server-sent events, four a second
//	GET  /ws                WebSocket: ticks four times a second, echoes every message
//	GET  /health            200 when ready, 503 while warming and while draining
//	GET  /version           version, instance and uptime
package sample
