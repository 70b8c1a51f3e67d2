// The loader: paints the notice, keeps the form's field honest, starts the wasm
// and hands over to it. Included twice, it does nothing the second time.
import { Element, upgrade } from './element.js';
import { facade } from './facade.js';

const mark = Symbol.for('ekyc-connect');

if (!window[mark]) {
  window[mark] = true;
  customElements.define('ekyc-connect', Element);
  window.EkycConnect = facade;
  upgrade();
  new MutationObserver(upgrade).observe(document, { childList: true, subtree: true });
}
