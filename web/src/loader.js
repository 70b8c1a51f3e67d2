// The loader: it paints the notice, sets the form's field, starts the wasm and
// hands over to it. Included twice, it does nothing the second time.
//
// Each file imports only from those below it:
//
//	loader   puts element and API on the page
//	facade   window.EkycConnect
//	element  <ekyc-connect>
//	widget   one widget until the wasm has taken over
//	hosted, panels, paint, press, states
//	boot     fetches, checks and starts the wasm
//	go       what a Go program needs of the browser
//	relay    where the relay is, and how it says no
//	attributes what the element can be told
//	browser  what all of them use of the browser
//
// Names that end in an underscore (view_, tell_) are properties that only the
// loader itself uses: the build gives them names of one or two letters (MangleProps
// in web/build/bundle.go). So such a name is never put into a string, nor on an
// object that a page or the wasm reads. What the wasm calls (host in widget.js, the
// members of go.js) and what a page sees (facade, element, details of events) has
// names without one, which stay as they are.
import { upgrade, Element } from './element.js';
import { idle, listen, MutationObserver, setTimeout } from './browser.js';
import { facade } from './facade.js';
import { base } from './relay.js';

const mark = Symbol.for('ekyc-connect');

// Nothing can be done in a bundle, where nobody knows the relay.
if (!base) console.error('ekyc-connect: not from a relay');
else if (!window[mark]) {
  window[mark] = true;
  customElements.define('ekyc-connect', Element);
  window.EkycConnect = facade;
  const begin = () => {
    upgrade();
    new MutationObserver(upgrade).observe(document, { __proto__: null, childList: true, subtree: true });
  };
  // A framework that takes over its server's markup wants to find it as it was sent,
  // and does so while the page loads. But not every page ends loading.
  listen(window, 'load', () => idle(begin));
  setTimeout(begin, document.readyState == 'complete' ? 0 : 3000);
}
