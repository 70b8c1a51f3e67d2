// The calls of a partner's back end: fetch alone, so that Node, Deno and workers can
// make them. What is sent stands in bodies and one header, never in a URL or an error.

export class RelayError extends Error {
  constructor(route, code, more = {}) {
    super(`ekyc-connect: ${route}: ${code}${more.detail ? `: ${more.detail}` : ''}`);
    this.name = 'RelayError';
    this.code = code;
    this.status = more.status ?? 0;
    this.retryable = more.retryable ?? false;
    this.fault = more.fault ?? 'relay';
    this.requestId = more.request_id ?? '';
    this.retryAfter = more.retry_after;
    this.result = more.result;
    this.vendor = more.vendor;
    this.consent = more.consent;
    // For the page's element, and for no log that prints what an error holds.
    Object.defineProperty(this, 'retry', { value: more.retry });
  }
}

// How long an answer may take: the relay itself takes up to 45 s for a call to the
// vendor that cannot be repeated.
const patience = { siteverify: 15_000, 'generate-otp': 50_000, 'verify-otp': 50_000 };

export function createClient({ relay, secret, fetch = globalThis.fetch, timeout }) {
  const base = baseOf(relay);
  // Engines put a header that they refuse into the error's text.
  if (typeof secret !== 'string' || !/^[\x21-\x7e]+$/.test(secret)) throw new TypeError("ekyc-connect: the site's secret is missing, or is not one: is the environment variable set?");

  // call gives what was answered, as JSON of the shape that is looked for.
  async function call(route, members, shape) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout ?? patience[route]);
    let response, answer;
    try {
      response = await fetch(`${base}/v1/${route}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(members),
        redirect: 'manual', // the secret goes to this address alone
        signal: stop.signal,
      });
      answer = await response.text();
    } catch {
      throw stop.signal.aborted
        ? new RelayError(route, 'timeout', { retryable: true, detail: 'no answer in time; repeat it with the same idempotency_key' })
        : new RelayError(route, 'network', { retryable: true, detail: 'the relay was not reached, or its answer broke off; repeat it with the same idempotency_key' });
    } finally {
      clearTimeout(timer);
    }
    try {
      answer = JSON.parse(answer);
      if (shape(answer, response)) return answer;
    } catch {}
    if (typeof answer?.code === 'string' && answer.status === response.status) throw new RelayError(route, answer.code, answer);
    throw new RelayError(route, 'bad_answer', { status: response.status, retryable: response.status >= 500, detail: `answered ${response.status} with something else than its JSON: is it the relay?` });
  }

  return {
    siteverify: members => call('siteverify', members, answer => typeof answer.success === 'boolean' && Array.isArray(answer['error-codes'])),
    generateOtp: members => call('generate-otp', members, (answer, { ok }) => ok && typeof answer.verification === 'string'),
    verifyOtp: members => call('verify-otp', members, (answer, { ok }) => ok && typeof answer.data === 'object'),
  };
}

// baseOf is the relay's URL without a slash at its end; over plain http the secret
// goes to this machine alone.
function baseOf(relay) {
  let url;
  try {
    url = new URL(relay);
  } catch {}
  const own = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname);
  if (!(url?.protocol === 'https:' || (own && url.protocol === 'http:')) || url.username || url.password || url.search || url.hash)
    throw new TypeError('ekyc-connect: relay must be the relay\'s URL, as in "https://consent.example.com"; http is for localhost alone');
  return url.href.replace(/\/+$/, '');
}
