// Package board decides, request by request, which side and which endpoint
// serves, and switches from one table to the next without losing count of a
// single request. It knows no lane: whatever reads requests off a connection
// asks Admit and tells the Claim how it ended.
package board
