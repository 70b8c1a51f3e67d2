// Where the relay is, and how it says no.
import { assign, currentScript, Error, fetch, findAll } from './browser.js';

// currentScript is null in a module and in a bundle: then the tag is looked for.
const script = currentScript || findAll(document, 'script[src*="/ekyc-connect.js"]')[0];

// The relay's public URL without a slash at its end: what stands before /v1/.
export const base = script.src.match(/.*(?=\/v1\/)/)[0];

// What went wrong, with the members of an ekyc-error event. What others throw has
// none of them, though it may have a code of its own, as a DOMException has.
export class Fault extends Error {}

export const fault = (code, more) =>
  assign(new Fault(code), { code, retryable: code == 'network', fault: code == 'asset_integrity' ? 'relay' : 'user', requestId: '' }, more);

// Credentials as a <link rel=preload> has them: else the browser would fetch a view anew.
export const get = (path, options) => fetch(base + path, options);

export const ask = async path => {
  let reply, body;
  try {
    reply = await get(path);
    body = await reply.json();
  } catch {}
  if (!reply || (reply.ok && !body)) throw fault('network');
  if (reply.ok) return body;
  // A proxy's own page instead of a problem: 502 and 504 mean that the relay behind it does not answer.
  const gateway = reply.status == 502 || reply.status == 504;
  const { code, retryable, fault: side, request_id: requestId = '', retry_after: retryAfter } = body || {
    code: gateway ? 'vendor_unavailable' : 'internal',
    fault: gateway ? 'vendor' : 'relay',
    retryable: true,
  };
  throw fault(code, { retryable, fault: side, requestId, retryAfter });
};
