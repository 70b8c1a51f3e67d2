// Package webhook tells partners what became of a consent: it delivers the
// messages of the ledger's outbox, each at least once, signed as Standard
// Webhooks v1 has it (https://www.standardwebhooks.com).
//
// The address comes from the relay's configuration, but who answers to it is
// decided by DNS at that moment: addresses inside the operator's own network
// are refused when the connection is made, after the name is resolved.
package webhook
