// Where the relay is, and how it says no.
import { clearTimeout, AbortController, setTimeout, exec, currentScript, fetch, Error, assign } from './browser.js';

// The relay's public URL without a slash at its end: what stands before /v1/ in the
// address of this script. A module has no tag; where it is stands in every error's
// stack. Empty in a bundle, which does not say where the relay is.
export const base = (exec(/\w+:[^\s()@]+(?=\/v1\/\S*ekyc-connect\.js)/, currentScript ? currentScript.src : new Error().stack) || [''])[0];

// What went wrong, with the members of an ekyc-error event. What others throw has
// none of them, though it may have a code of its own, as a DOMException has.
export class Fault extends Error {}

export const fault = (code, more) =>
  assign(new Fault('ekyc-connect: ' + ((more && more.detail) || code)), { code, retryable: code == 'network', fault: code == 'asset_integrity' ? 'relay' : 'user', requestId: '' }, more);

// Fails where no byte has come for 15 s, of the head or of the body. Credentials are as
// a <link rel=preload> has them: else the browser would fetch a view anew.
export const get = async (path, options) => {
  const stop = new AbortController();
  let late;
  const wait = () => {
    clearTimeout(late);
    late = setTimeout(() => stop.abort(), 15e3);
  };
  wait();
  const reply = await fetch(base + path, { __proto__: null, ...options, signal: stop.signal });
  // A copy tells what has come. WebKit would find options that are not given at Object.prototype.
  const reader = reply.clone().body.getReader({ __proto__: null });
  const watch = async () => {
    try {
      while (!(await reader.read()).done) wait();
    } catch {} // the reply fails too
    clearTimeout(late);
  };
  watch();
  return reply;
};

export const ask = async path => {
  let reply, body;
  try {
    reply = await get(path);
    body = await reply.json();
  } catch {}
  if (!reply || (reply.ok && !body)) throw fault('network');
  if (reply.ok) return body;
  // A proxy's own page instead of a problem: 502 and 504 mean that the relay behind it does not answer.
  const gateway = reply.status > 501;
  const { code, retryable, fault: side, request_id: requestId, retry_after: retryAfter, detail } = body || {
    code: gateway ? 'vendor_unavailable' : 'internal',
    fault: gateway ? 'vendor' : 'relay',
    retryable: true,
  };
  throw fault(code, { retryable, fault: side, requestId, retryAfter, detail });
};
