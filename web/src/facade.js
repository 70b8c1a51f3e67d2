// window.EkycConnect. Ids, arguments and what is known now are answered here at
// once; the rest waits for the wasm.
import { all } from './widget.js';
import { of, member, create } from './element.js';
import { boot } from './boot.js';
import { forms, names } from './attributes.js';
import { exec, then, Map, append, findAll, keys, Element } from './browser.js';

const made = new Map(); // id → element, as long as the page has it
let count = 0;

// Which event each function of params is called with.
const callbacks = {
  __proto__: null,
  callback: 'ekyc-token',
  expiredCallback: 'ekyc-expire',
  errorCallback: 'ekyc-error',
  declineCallback: 'ekyc-decline',
  consentCallback: 'ekyc-consent',
};

const need = (ok, method, argument) => {
  if (!ok) throw new TypeError(`EkycConnect.${method}: invalid ${argument}`);
};

// Without an id: the first widget of the page.
const pick = (method, id) => {
  const known = made.get(id);
  const w = id === undefined ? [...all][0] : of(known ? known.deref() : id);
  need(w && !w.removed_, method, 'id');
  return w;
};

export const facade = {
  version: VERSION,

  ready(fn) {
    need(!fn || typeof fn == 'function', 'ready', 'fn');
    return then(boot(), () => (fn ? fn() : undefined));
  },

  render(container, params) {
    let parent = container;
    try {
      parent = findAll(document, container)[0];
    } catch {} // an element, or what is no selector
    need(parent instanceof Element, 'render', 'container');
    need(params && typeof params == 'object', 'render', 'params');
    for (const name of [...names, ...keys(callbacks)]) {
      const form = forms[name] || /^function/;
      const v = member(params, name);
      need(v == null ? name != 'sitekey' && name != 'purpose' : exec(form, typeof v + ':' + v), 'render', 'params.' + name);
    }
    const element = create(params);
    for (const name of keys(callbacks)) {
      const given = member(params, name);
      if (given) element.addEventListener(callbacks[name], e => given(name == 'callback' ? e.detail.token : e.detail));
    }
    const id = 'ekyc-' + ++count;
    made.set(id, new WeakRef(element));
    append(parent, element);
    return id;
  },

  setLanguage(lang, id) {
    need(lang && typeof lang == 'string', 'setLanguage', 'lang');
    return pick('setLanguage', id).use_(h => h.setLanguage(lang));
  },
};

const simple = {
  __proto__: null,
  reset: w => w.formReset(),
  remove: w => w.remove_(),
  getResponse: w => w.control_('value'),
  getState: w => w.state_(),
  isExpired: w => w.state_() == 'expired',
  retry: w => w.use_(h => h.retry()),
};
for (const name in simple) facade[name] = id => simple[name](pick(name, id));
