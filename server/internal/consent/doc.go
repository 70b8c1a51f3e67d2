// Package consent writes down what people decide, before anything else is done
// about it, and keeps it.
//
// A [Ledger] turns decisions, vendor calls and redemptions into append-only
// events: the exact bytes of a record each, numbered from 0 without a gap. It
// commits concurrent writers as one group, and it alone makes the [Committed]
// value that the vendor client asks for, after the commit.
//
// The package holds the rules and no SQL; a [Store] holds the rows. What came
// from outside and could identify or impersonate somebody (a partner's
// reference for a person, an idempotency key, a ticket's id, a token) is kept as
// a keyed hash only. No Aadhaar number, captcha answer or vendor session id
// reaches this package.
package consent
