// Package nginx steers an nginx that its user owns. Cutover keeps one included
// file per app, and believes nothing that it has not seen at the workers.
// DESIGN.md says how a switch is proven.
package nginx
