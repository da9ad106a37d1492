// Package admin is how the control plane speaks to the proxy: HTTP with JSON
// over a Unix socket that only the proxy's own user may open.
//
//	GET    /v1/health
//	GET    /v1/table
//	PUT    /v1/services/{app}   If-Match: GENERATION   Cutover-Fence: FENCE
//	DELETE /v1/services/{app}   If-Match: GENERATION   Cutover-Fence: FENCE
//	GET    /v1/stats?app=APP
//	GET    /v1/requests?app=APP&share=SHARE            a line of JSON each, until the reader goes
//	POST   /v1/streams/close                           Cutover-Fence: FENCE
//
// Every failure is an Error in JSON whose code says what a caller may do.
package admin
