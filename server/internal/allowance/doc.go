// Package allowance shares a vendor account's allowance between relays through
// their database: [Store] is where their lines write down each call's moment, by the
// database's clock; [Calls] counts what each consent has been used for.
//
// What is written here is worth nothing after a day. It is in the ledger's database
// because all relays have that one, and what is committed there survives a failover.
package allowance
