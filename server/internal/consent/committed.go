package consent

// Committed is a consent that is durable: the vendor client takes nothing
// else, so a vendor call before the commit does not compile. Its fields are
// set by this package alone, after a commit or from a committed row; the zero
// value stands for no consent and must be refused.
type Committed struct {
	id, account, vendorPurpose string
	given                      bool // a refusal has an id as well, and is worth no call
}

// ID is the record's id, a UUIDv7.
func (c Committed) ID() string { return c.id }

// Account names the vendor account under which the consent was given.
func (c Committed) Account() string { return c.account }

// VendorPurpose is the exact text of the purpose, as shown and as the vendor
// gets it.
func (c Committed) VendorPurpose() string { return c.vendorPurpose }

// IsZero reports whether there is no consent behind c: it is the zero value,
// or what was recorded is a refusal.
func (c Committed) IsZero() bool { return !c.given }
