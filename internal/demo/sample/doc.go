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
//	POST /api/addresses     takes {"line":"Low Road 7a"}; the address's id is the request's id
//	GET  /api/addresses     how many addresses there are, and the latest
//	GET  /api/addresses/ID  one of them; PUT gives it another line
//	GET  /slow?ms=2000      answers after that time; early=1 sends the head and one byte at once
//	GET  /events            server-sent events, four a second
//	GET  /ws                WebSocket: ticks four times a second, echoes every message
//	GET  /health            200 when ready, 503 while warming and while draining
//	GET  /version           version, instance and uptime
//
// Addresses are there only with a database. The first version keeps a line as
// it is in the column street; the others keep its parts in street_name and
// house_number and never read street. What either writes the other answers
// with the same line, as long as something keeps the two in step: Change.
package sample
