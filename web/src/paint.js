// Makes DOM of the relay's nested arrays, by fixed lists: words and markup, never
// code. What is not on the lists stops the widget.
import { exec, isArray, keys, Set, Uint8Array } from './browser.js';
import { fault } from './relay.js';

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
  if (!ok) throw fault('asset_integrity');
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

// A data: or blob: image would need img-src in the page's policy; a canvas needs
// nothing. Rejects where it is no picture.
export const draw = async (canvas, base64) => {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const picture = await createImageBitmap(new Blob([bytes], { __proto__: null, type: 'image/jpeg' }));
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d').drawImage(picture, 0, 0);
};
