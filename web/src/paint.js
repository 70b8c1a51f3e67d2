// Makes DOM of the relay's nested arrays, by fixed lists: words and markup, never
// code. What is not on the lists stops the widget.
import { exec, isArray, Error, Set, keys } from './browser.js';

const tags = new Set(
  'div section header footer h2 h3 p ul ol li dl dt dd span strong em bdi a button form label input select option output canvas details summary fieldset legend svg path'.split(' '),
);
const never = /^(on|style$|src|\w*action$)/i;

const safe = /^(https:|mailto:|tel:|http:\/\/(localhost|127\.0\.0\.1|\[::1])(:\d+)?(\/|$))/;

// A document without the page's markup makes the elements; they move with the first
// insertion.
const blank = new Document();
export const make = tag => blank.createElementNS('http://www.w3.org/1999/xhtml', tag);

const need = ok => {
  if (!ok) throw new Error('not on the lists');
};

// A node is a text, or an array of tag, attributes (always, and all of them texts)
// and child nodes. Throws at anything else.
export const build = node => {
  if (typeof node == 'string') return node;
  const [tag, attributes, ...children] = node;
  need(tags.has(tag) && attributes && typeof attributes == 'object' && !isArray(attributes));
  const el = make(tag);
  for (const name of keys(attributes)) {
    const value = attributes[name];
    need(typeof value == 'string' && !exec(never, name) && (!exec(/href$/i, name) || exec(safe, value)));
    el.setAttribute(name, value);
  }
  if (el.dataset.part) el.setAttribute('part', el.dataset.part); // for the page's own CSS
  for (const child of children) el.append(build(child));
  return el;
};
