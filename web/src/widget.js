// One widget: from the empty place to the painted notice, and the form's field,
// whose value never lies. Once bound, the wasm decides everything through host.
import { boot } from './boot.js';
import { build, draw } from './paint.js';
import { ask, base, fault } from './relay.js';

export const all = new Set();
export const names = 'sitekey purpose ticket subject retry lang name theme mode loading required disabled'.split(' ');

const idle = window.requestIdleCallback || setTimeout;

addEventListener('pageshow', e => e.persisted && all.forEach(w => w.back_()));
addEventListener('message', e => all.forEach(w => w.hear_(e)));

export const widget = (element, internals, root) => {
  let state = 'loading';
  let field = '.loading';
  let view, painting, binding, handle, press, trouble;
  let away; // the window of the relay's own page
  let disabled = false;
  let spent = false; // the token went out with a form
  let turn = 0; // of paint: the newest wins

  const find = selector => root.querySelector(selector);
  const part = name => find(`[data-part=${name}]`);
  const word = key => find(`[data-message~=${key}]`)?.textContent;
  const inPanel = what => find(`section:not([hidden]) ${what}`);
  const attribute = name => element.getAttribute(name) || '';
  const emit = (type, detail) => element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));

  // Only FormData is sent without a name attribute; only with a state that is not
  // null does a browser ask before it puts an old value back.
  const settle = () => {
    const data = new FormData();
    data.append(attribute('name') || 'ekyc-connect-response', field);
    internals.setFormValue(data, 'x');
    const missing = element.hasAttribute('required') && !/^d/.test(state); // done, declined
    internals.setValidity(
      { valueMissing: missing },
      word(state == 'captcha' ? 'required-letters' : 'required') || 'Please answer.',
      inPanel('input') || inPanel('[data-part=heading]') || root.firstChild,
    );
  };

  const become = (next, { token, retryAfter, unreachable } = {}) => {
    const previous = state;
    state = next;
    field = token || '.' + (unreachable ? 'unreachable' : /ing$/.test(next) ? 'loading' : /notice|captcha/.test(next) ? 'unstarted' : next);
    spent = false;
    try {
      internals.states.delete(previous);
      internals.states.add(next);
    } catch {} // an engine that wants another spelling
    element.dataset.state = next;
    settle();
    if (next != previous || retryAfter) emit('ekyc-state', { state, previous, retryAfter });
  };

  // What is shown before the view, or instead of it: with the partner's own words.
  const plain = (text, again) => {
    const box = build(['div', { class: 'ekyc plain', part: 'view', tabindex: -1, lang: 'en', dir: 'ltr' }, ['p', { role: 'status' }, text]]);
    box.append(document.createElement('slot'));
    if (again) box.append(build(['button', { 'data-part': 'retry' }, 'Try again']));
    root.replaceChildren(box);
  };

  const language = () => {
    for (let n = element; n; n = n.parentNode || n.host) if (n.lang) return n.lang;
    return navigator.language;
  };

  const query = more => '?' + new URLSearchParams({ sitekey: attribute('sitekey'), purpose: attribute('purpose'), ...more });

  const paint = async lang => {
    const mine = ++turn;
    // Once another one has begun, this one has no end, good or bad.
    const answer = await ask('/v1/view' + query({ lang: lang || language() })).finally(() => mine != turn && new Promise(() => {}));
    const tree = build(answer.view);
    const had = root.activeElement?.dataset.part;
    view = answer;
    press = null; // it was meant for the words that go
    root.replaceChildren(tree);
    const choice = part('language');
    choice.append(...answer.languages.map(({ tag, name, dir }) => build(['option', { value: tag, lang: tag, dir }, name])));
    choice.value = answer.notice.lang;
    if (had) part(had)?.focus();
    disable();
    settle();
  };

  const disable = () => root.querySelectorAll('button,input,select').forEach(c => (c.disabled = disabled));

  const show = name => root.querySelectorAll('section').forEach(s => (s.hidden = s.dataset.part != 'panel-' + name));

  const tell = text => {
    show('error');
    root.querySelectorAll('[data-slot=reason],[data-part=error]').forEach(p => (p.textContent = text));
  };

  // In place of the wasm: a button that leads to the relay's own page.
  const offer = key => {
    tell(word(key));
    inPanel('[data-part=retry]').textContent = word('open');
    away ||= me; // no window yet
  };

  // Nobody guesses the end of the presentation: it goes to that page as state.
  const secret = () => view.presentation.slice(-22);

  // Within the very press, or the browser refuses.
  const visit = () => {
    const more = { ticket: attribute('ticket'), subject: attribute('subject'), lang: view.notice.lang, origin, state: secret() };
    away = open(base + '/v1/hosted' + query(more)) || me;
  };

  const end = (response, expiresAt) => {
    const token = response[0] != '.' && response;
    const name = token ? 'done' : 'declined';
    show(name);
    become(name, { token });
    if (token) {
      emit('ekyc-token', { token, expiresAt });
      setTimeout(() => {
        if (field != token) return;
        offer('expired');
        become('expired');
        emit('ekyc-expire', {});
      }, expiresAt - Date.now());
    } else emit('ekyc-decline', { consentId: '', alternative: '', reason: name });
  };

  const broken = (e, degraded) => {
    trouble = e;
    if (!e.code) e = fault(view ? 'wasm_unavailable' : 'asset_integrity');
    const { code } = e;
    const asked = press;
    press = null;
    if (part('panel-error')) {
      tell(word(code) || word(e.fault) || word('unknown'));
      if (degraded) offer('wasm_unavailable');
      if (asked) inPanel('[data-part=heading]').focus();
    } else {
      plain('Could not be loaded: ' + code, true);
    }
    become('error', { unreachable: code == 'network' });
    if (degraded) emit('ekyc-degraded', { reason: code });
    emit('ekyc-error', { ...e });
  };

  // Paints; the wasm follows when the page is idle, or at the first touch.
  const begin = () =>
    (painting ||= (async () => {
      near.disconnect();
      try {
        await paint();
        become('notice');
        if (attribute('mode') == 'hosted') offer('wasm_unavailable');
        else idle(() => all.has(me) && bind(), { timeout: 3000 });
      } catch (e) {
        broken(e);
      }
    })());

  const bind = () =>
    (binding ||= (async () => {
      try {
        await begin();
        const core = view && !away && (await boot());
        if (view && core && !handle) handle = core.bind(host);
      } catch (e) {
        if (binding && !trouble) broken(e, true); // else its end was seen to
      }
    })());

  const forget = () => {
    turn++;
    handle?.close();
    handle = away = painting = binding = press = view = trouble = null;
  };

  const restart = () => {
    forget();
    plain('Loading…');
    become('loading');
    begin();
  };

  const close = () => {
    forget();
    near.disconnect();
    all.delete(me);
  };

  const take = () => {
    const p = press;
    if (p) part(p.part).removeAttribute('aria-busy');
    press = null;
    return p;
  };

  const sent = () => (spent = state == 'done');
  const near = new IntersectionObserver(list => list.at(-1).isIntersecting && begin(), { rootMargin: '400px' });

  const host = {
    element,
    root,
    params: () => ({
      ...Object.fromEntries(names.map(n => [n, attribute(n)])),
      lang: language(),
      required: element.hasAttribute('required'),
      disabled,
    }),
    view: () => view,
    paint,
    draw: data => draw(part('captcha'), data),
    state: become,
    emit,
    press: take,
  };

  const me = {
    connected() {
      element.dataset.state = state;
      if (all.has(me)) return;
      all.add(me);
      if (state != 'loading') restart();
      else if (attribute('loading') == 'eager') setTimeout(begin);
      else near.observe(element);
    },
    // Out of the page for longer than a move: let go, but not in the midst of it,
    // and not with a token, which the page may bring back. Each of these states
    // ends by itself within minutes.
    disconnected: () =>
      setTimeout(() => {
        if (!element.isConnected) (handle || away) && /done|captcha|ing$/.test(state) ? setTimeout(me.disconnected, 6e4) : close();
      }),
    attributeChanged(name, was, is) {
      settle();
      if (was === is || name == 'disabled') return;
      if (handle) handle.changed(name);
      else if (painting && /sitekey|purpose|lang/.test(name)) restart();
    },
    formAssociated: form => form?.addEventListener('formdata', sent),
    formDisabled(off) {
      disabled = off;
      disable();
      handle?.changed('disabled');
    },
    formReset() {
      if (handle) handle.reset();
      else if (painting) restart();
    },
    formStateRestore: settle,
    // By the browser's button, out of its cache. A token that was sent is worth nothing now.
    back_() {
      if (spent || away) me.formReset();
      else handle?.restore();
    },
    // The answer of that page, in that window, to this visit.
    hear_({ source, origin, data }) {
      if (away == source && new URL(base).origin == origin && data.state == secret()) end(data.response, data.expiresAt);
    },
    crashed_(last) {
      handle = null; // what it listened with is gone
      if (state == 'done' || !view) return;
      if (last) broken(fault('wasm_unavailable'), true);
      else restart();
    },
    remove_() {
      close();
      element.remove();
    },
    state_: () => state,
    field_: () => field,
    async use_(f) {
      await bind();
      if (!handle) throw trouble;
      return f(handle);
    },
  };

  // Until the wasm is here a press is kept and shown as taken. The last one
  // counts: who agrees and then declines has declined.
  root.addEventListener('click', e => {
    const button = e.target.closest('button[data-part]');
    if (handle || !button) return;
    const name = button.dataset.part;
    if (away) return name == 'retry' ? visit() : end('.');
    if (name == 'retry') return restart();
    take();
    press = { part: name, trusted: e.isTrusted };
    button.setAttribute('aria-busy', true);
    part('status').replaceChildren(word('loading'));
    bind();
  });
  root.addEventListener('change', e => {
    if (!handle && e.target == part('language')) paint(e.target.value).catch(broken);
  });
  for (const touch of ['pointerdown', 'focusin']) root.addEventListener(touch, () => view && bind());
  element.addEventListener('invalid', () => {
    settle(); // the panel may have changed since
    begin();
  });

  plain('Loading…');
  settle();
  return me;
};
