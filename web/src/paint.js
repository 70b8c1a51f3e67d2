// Makes DOM of the relay's nested arrays, by fixed lists: words and markup, never
// code. What is not on the lists stops the widget.
import { fault } from './relay.js';

const tags = new Set(
  'div section header footer h2 h3 p ul ol li dl dt dd span strong em bdi a button form label input select option output canvas details summary fieldset legend svg path'.split(' '),
);
const never = /^(on|style$|src|\w*action$)/i;

const safe = /^(https:|mailto:|tel:|http:\/\/(localhost|127\.0\.0\.1|\[::1])(:\d+)?(\/|$))/;

// Throws at anything else than a string or an array of the right form.
export const build = node => {
  if (typeof node == 'string') return document.createTextNode(node);
  const [tag, attributes, ...children] = node;
  if (!tags.has(tag)) throw fault('asset_integrity');
  const el = /^(svg|path)$/.test(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const name in attributes) {
    if (never.test(name) || (/href$/i.test(name) && !safe.test(attributes[name]))) throw fault('asset_integrity');
    el.setAttribute(name, attributes[name]);
  }
  if (el.dataset.part) el.setAttribute('part', el.dataset.part); // for the page's own CSS
  el.append(...children.map(build));
  return el;
};

// A data: or blob: image would need img-src in the page's policy; a canvas needs nothing.
export const draw = async (canvas, base64) => {
  try {
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext('2d').drawImage(picture, 0, 0);
  } catch {
    throw fault('vendor_bad_answer', { retryable: true, fault: 'vendor' });
  }
};
