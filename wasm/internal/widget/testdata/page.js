// A double of the loader's host for one element, on a real DOM, with the relay's
// answers in a list. The view has every part, and few words.
(params => {
  const words = {
    en: { loading: 'Loading', starting: 'Saving', waiting: 'Wait {seconds} seconds', 'picture-loading': 'New picture coming',
      'picture-new': 'New picture', answering: 'Saving answer', expired: 'Time is over', soon: '{seconds} left', 'session_expired': 'Choose again', declined: 'Nothing shared',
      done: 'All saved', again: 'Letters did not match', answer_invalid: 'Letters please', 'answer-twelve-digits': 'No Aadhaar here',
      network: 'No connection', vendor_unavailable: 'Not reached', notice_changed: 'Read again', unknown: 'Something else' },
  };
  words.hi = Object.fromEntries(Object.entries(words.en).map(([k, v]) => [k, 'हि ' + v]));
  const make = (tag, attributes, ...children) => {
    const el = document.createElement(tag);
    for (const name in attributes) el.setAttribute(name, attributes[name]);
    el.append(...children);
    return el;
  };
  const part = (tag, name, attributes) => make(tag, { 'data-part': name, ...attributes });
  const button = name => part('button', name, { type: 'button' });
  const panel = (name, ...children) =>
    make('section', { 'data-part': 'panel-' + name, ...(name == 'notice' ? {} : { hidden: '' }) }, part('h2', 'heading', { tabindex: '-1', ...(name == 'error' ? { 'aria-describedby': 'error' } : {}) }), ...children);
  const view = lang => {
    const select = part('select', 'language');
    for (const tag in words) select.append(make('option', { value: tag, ...(tag == lang ? { selected: '' } : {}) }, tag));
    return make('div', { 'data-part': 'view', lang },
      panel('notice', select, button('decline'), button('agree'), button('alternative')),
      panel('captcha', part('canvas', 'captcha'), button('reload'), button('enlarge'), button('contrast'),
        part('input', 'answer', { type: 'text', 'aria-describedby': 'error' }), button('submit'), button('cannot-read'), button('alternative')),
      panel('done', part('button', 'retry', { type: 'button', hidden: '' })),
      panel('declined', button('retry'), button('alternative')),
      panel('error', make('p', { 'data-slot': 'reason' }), button('retry'), button('alternative')),
      make('footer', {}, part('a', 'receipt', { hidden: '' }), part('a', 'withdraw', { hidden: '' })),
      make('p', { 'aria-hidden': 'true', 'data-slot': 'seen' }),
      part('p', 'status', { role: 'status' }), part('p', 'error', { role: 'alert' }),
      make('div', { hidden: '' }, ...Object.entries(words[lang]).map(([k, v]) => make('p', { class: k }, v))));
  };
  const element = document.createElement('div');
  const outside = document.createElement('input');
  document.body.append(element, outside);
  const root = element.attachShadow({ mode: 'open' });
  let lang = 'en';
  root.replaceChildren(view(lang));
  const waiting = [];
  // What takes time by itself and is not over yet.
  let busy = 0;
  const timed = promise => {
    busy++;
    return promise.finally(() => busy--);
  };
  const turn = () => new Promise(go => setTimeout(go));
  const host = {
    element, root, outside, attributes: params, now: 'notice', kept: null,
    log: [], calls: [], answers: [], drawn: [], paints: [],
    params: () => ({ ticket: '', subject: '', retry: '', lang: '', disabled: false, ...params }),
    view: () => ({ notice: { id: 'n', lang, sha256: '0'.repeat(64) }, presentation: 'presentation-' + lang }),
    paint: async wanted => {
      host.paints.push(wanted);
      if (!words[wanted]) throw Object.assign(new Error('no'), { code: 'network', retryable: true, requestId: '' });
      lang = wanted;
      root.replaceChildren(view(lang));
    },
    decode: async data => {
      if (data == 'broken') throw new Error('no');
      return data;
    },
    draw: data => {
      host.drawn.push(data + ' on ' + root.querySelector('canvas').closest('[lang]').lang);
    },
    state: (name, more) => {
      host.now = name;
      host.log.push({ type: 'state', detail: { name, ...more } });
      for (const w of waiting.splice(0)) w.state == name ? w.ok() : waiting.push(w);
      host.onstate?.(name);
    },
    emit: (type, detail) => {
      host.log.push({ type, detail });
      host.onemit?.(type);
    },
    own: event => event.isTrusted,
    unfocused: () => [null, document.body].includes(document.activeElement),
    press: () => {
      const p = host.kept;
      host.kept = null;
      return p;
    },
    reaches: state => (host.now == state ? null : new Promise(ok => waiting.push({ state, ok }))),
    fetch: async (url, init) => {
      init.signal.throwIfAborted();
      host.calls.push({ url, body: init.body, signal: init.signal });
      const i = host.answers.findIndex(a => url.endsWith('/v1/' + a.route));
      if (i < 0) return new Promise((ok, no) => init.signal.addEventListener('abort', () => no(init.signal.reason)));
      const [{ status, body }] = host.answers.splice(i, 1);
      if (!status) throw new TypeError('Failed to fetch');
      const reply = new Response(body, { status });
      reply.text = () => timed(Response.prototype.text.call(reply));
      return reply;
    },
    // All that is under way has come to its end, and what follows from it.
    settles: async () => {
      for (let quiet = 0; quiet < 3; quiet = busy ? 0 : quiet + 1) await turn();
    },
    remove: () => {
      element.remove();
      outside.remove();
    },
  };
  return host;
})
