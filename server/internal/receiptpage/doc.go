// Package receiptpage is the page behind a receipt's address: what the person
// agreed to, with whom and when, exactly as it was shown, and the button that
// withdraws it. It is plain HTML: no JavaScript, no cookie, nothing fetched.
//
// The address is the authority (see connect.Receipts): whoever has it may read
// and withdraw, and nobody can guess it. So the page shows no subject and nothing
// of the vendor's, tells its address to no other site, and is never stored.
package receiptpage
