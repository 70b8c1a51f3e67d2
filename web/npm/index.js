// Puts the relay's script into a page, once, and says in words why it is not there.

export class EkycConnectLoadError extends Error {
  constructor(code, message) {
    super(`ekyc-connect: ${message}`);
    this.name = 'EkycConnectLoadError';
    this.code = code;
    this.retryable = code === 'unreachable' || code === 'timeout';
  }
}

let current; // {base, promise} of the script that the page has or waits for
let policy; // of Trusted Types, which can be made once

export function loadEkycConnect(relayUrl, { nonce, timeout = 30_000 } = {}) {
  if (typeof document === 'undefined')
    return Promise.reject(new EkycConnectLoadError('no_page', 'there is no page here; on a server nothing is loaded, call this in the browser'));
  let base;
  try {
    base = baseOf(relayUrl);
  } catch (error) {
    return Promise.reject(error);
  }
  const there = current?.base ?? baseOfTag(tag());
  if (there && there !== base)
    return Promise.reject(new EkycConnectLoadError('wrong_url', `this page has the script of ${there} already, and one relay is all that a page can have`));
  if (!current) {
    const mine = { base, promise: load(base, nonce, timeout) };
    current = mine;
    mine.promise.catch(() => {
      if (current === mine) current = undefined; // the next call tries anew
    });
  }
  return current.promise;
}

// baseOf is the relay's URL as it stands before /v1/.
function baseOf(relayUrl) {
  let url;
  try {
    url = new URL(relayUrl);
  } catch {
    throw new EkycConnectLoadError('wrong_url', 'the relay\'s URL must be absolute, as in "https://consent.example.com"');
  }
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash || /\/v1(\/|$)/.test(url.pathname))
    throw new EkycConnectLoadError('wrong_url', 'the relay\'s URL is scheme, host and path before /v1/, as in "https://consent.example.com"');
  return url.href.replace(/\/+$/, '');
}

const tag = () => [...document.scripts].find(script => baseOfTag(script));

const baseOfTag = script => /^(.+)\/v1\/(?:assets\/\w+\/)?ekyc-connect\.js(?:\?|$)/.exec(script?.src)?.[1];

const api = () => (typeof window.EkycConnect?.ready === 'function' ? window.EkycConnect : undefined);

function load(base, nonce, timeout) {
  if (api()) return Promise.resolve(api());
  const url = `${base}/v1/ekyc-connect.js`;
  let end, blocked;
  const onViolation = event => {
    blocked ||= event.blockedURI.startsWith(url) && event.effectiveDirective.startsWith('script-src');
  };
  document.addEventListener('securitypolicyviolation', onViolation);
  // A tag of the page's own is waited for, unless it must have come or failed by now.
  const given = document.readyState !== 'complete' && tag();
  const script = given || document.createElement('script');
  const loaded = new Promise((resolve, reject) => {
    const fail = (code, message) => {
      if (!given) script.remove();
      reject(new EkycConnectLoadError(code, message));
    };
    end = setTimeout(() => fail('timeout', `${url} was not there within ${timeout} ms`), timeout);
    script.addEventListener('load', () => (api() ? resolve(api()) : fail('wrong_url', `${url} is not the relay's script`)), { once: true });
    script.addEventListener('error', () => reason(url, () => blocked).then(why => fail(...why)), { once: true });
    if (given) return;
    Object.assign(script, { async: true, crossOrigin: 'anonymous' }, nonce && { nonce });
    try {
      setSource(script, url);
    } catch {
      fail('script_blocked', "the page's Trusted Types let no script be added: write the <script> tag into the page, or allow the policy ekyc-connect (trusted-types ekyc-connect)");
      return;
    }
    document.head.append(script);
  });
  return loaded.finally(() => {
    clearTimeout(end);
    document.removeEventListener('securitypolicyviolation', onViolation);
  });
}

// setSource makes a policy of its own, for this one address, only where the page asks for one.
function setSource(script, url) {
  try {
    script.src = url;
  } catch {
    policy ??= trustedTypes.createPolicy('ekyc-connect', {
      createScriptURL(asked) {
        if (!baseOfTag({ src: asked })) throw new TypeError('ekyc-connect: not the relay\'s script');
        return asked;
      },
    });
    script.src = policy.createScriptURL(url);
  }
}

// reason finds out why a script did not load: engines keep that to themselves.
async function reason(url, blocked) {
  const answer = await fetch(url, { credentials: 'omit' }).catch(() => undefined);
  if (blocked()) return ['script_blocked', `the page's Content-Security-Policy does not let ${url} run: add its origin to script-src`];
  if (!answer) return ['unreachable', `nothing answers at ${url}, or something on the way blocks it`];
  if (!answer.ok) return ['wrong_url', `${url} answers ${answer.status}: is it the relay?`];
  if (!/javascript/.test(answer.headers.get('Content-Type'))) return ['wrong_url', `${url} is not a script: is it the relay?`];
  return ['script_blocked', `${url} can be fetched, but it does not run: an extension or the page's policy blocks it`];
}
