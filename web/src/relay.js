// Where the relay is, and how it says no.

// currentScript is null in a module and in a bundle: then the tag is looked for.
const script = document.currentScript || document.querySelector('script[src*="/ekyc-connect.js"]');

// The relay's public URL without a slash at its end: what stands before /v1/.
export const base = script.src.replace(/\/v1\/(assets\/\w+\/)?ekyc-connect\.js.*$/, '');

// An Error with the members of an ekyc-error event.
export const fault = (code, more) =>
  Object.assign(new Error(code), { code, retryable: code == 'network', fault: code == 'asset_integrity' ? 'relay' : 'user', requestId: '' }, more);

export const ask = async path => {
  let reply, body;
  try {
    reply = await fetch(base + path, { credentials: 'omit' });
    body = await reply.text();
  } catch {
    throw fault('network');
  }
  try {
    body = JSON.parse(body);
  } catch {
    body = {};
  }
  if (reply.ok) return body;
  // A proxy's own page instead of a problem: 502 and 504 mean that what is behind it is away.
  const away = /50[24]/.test(reply.status);
  throw fault(body.code || (away ? 'vendor_unavailable' : 'internal'), {
    retryable: body.retryable ?? true,
    fault: body.fault || (away ? 'vendor' : 'relay'),
    requestId: body.request_id || '',
    retryAfter: body.retry_after,
  });
};
