// Package hosted is the flow as a page of the relay's own: plain HTML forms over
// the same panels and the same core as the widget, for browsers that run no
// WebAssembly or no script at all. What it must remember from one form to the next
// travels sealed in hidden fields; there is no cookie and nothing is stored.
//
// The answer goes to two places only: by message to the window that opened the
// page, if that one is of the site's origin, or by a form to a return URL that the
// site has registered. The partner's own state goes with it, by which the partner
// knows that it was this visitor who set out.
package hosted
