// Package audit proves that a journal is whole: that nothing in it was
// changed, moved, taken out of the middle, or cut off its end. It only reads,
// and may run while a controller writes.
package audit
