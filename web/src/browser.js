// What the loader and the wasm use of the browser, taken once, when the loader
// starts. A page's script may replace a function later, and a page's markup shadows
// what a document, a form or the window is asked for: <img name=currentScript>,
// <input name=addEventListener>. So these are asked for nothing by name, and no method
// of an array, a string or a promise is called later on.
export const { apply, construct } = Reflect;
export const { AbortController, clearTimeout, CustomEvent, Element, Set, FormData, IntersectionObserver, Map, MutationObserver, open, Promise, Error, setTimeout, fetch, Uint8Array } = window;
export const { keys, assign } = Object;
export const { isArray } = Array;
export const { Module, compile, instantiate, compileStreaming } = window.WebAssembly || {};

// f as a function that gets as its first argument what it is called on.
export const loose = f => (on, ...given) => apply(f, on, given);
const getter = name => loose(Object.getOwnPropertyDescriptor(Document.prototype, name).get);

export const append = loose(Element.prototype.append);
export const exec = loose(RegExp.prototype.exec);
export const findAll = loose(Document.prototype.querySelectorAll);
export const getAttribute = loose(Element.prototype.getAttribute);
export const listen = loose(EventTarget.prototype.addEventListener);
export const unlisten = loose(EventTarget.prototype.removeEventListener);
// Sets an attribute; null, undefined and false take it away.
export const reflect = (on, name, value) => (value == null || value === false ? on.removeAttribute(name) : on.setAttribute(name, value === true ? '' : value));
export const then = loose(Promise.prototype.then);
export const windowOf = getter('defaultView');
export const currentScript = getter('currentScript')(document);

// An engine may lack it, and then an element of that name answers.
const later = typeof requestIdleCallback == 'function' && requestIdleCallback;
export const idle = f => (later ? later(f, { __proto__: null, timeout: 3000 }) : setTimeout(f));

const clock = loose(performance.now);
export const now = () => clock(performance);
export const randomize = loose(crypto.getRandomValues);
// 20 to 60 digits that nobody can guess: enough for an idempotency key, and too many to be
// taken for an Aadhaar number.
export const random = () => {
  let digits = '';
  for (const n of randomize(crypto, new Uint8Array(20))) digits += n;
  return digits;
};

// Whether the engine has what the element is made of: Chrome since 86, Firefox since
// 101, Safari since 16.4.
export const able = 'adoptedStyleSheets' in document && 'replaceChildren' in document;

// The only globals that the wasm sees.
export const globals = {
  __proto__: null,
  Array, clearTimeout, console, Date, Error, AbortController, fetch, JSON, Number, Object, Promise, Reflect, setTimeout, Uint8Array, String, window,
};
