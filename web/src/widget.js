// One widget: it paints the notice, sets the form's field and keeps early presses.
// Once bound, the wasm decides everything and acts through host.
import { boot, onExit } from './boot.js';
import { build, draw } from './paint.js';
import { panels } from './panels.js';
import { own, watch } from './press.js';
import { ask, fault } from './relay.js';
import { hostedPage } from './hosted.js';
import { states } from './states.js';

export const all = new Set();
export const names = 'sitekey purpose ticket subject retry lang name theme mode loading required disabled'.split(' ');

const idle = window.requestIdleCallback || setTimeout;

addEventListener('pageshow', e => e.persisted && all.forEach(w => w.back_()));
addEventListener('message', e => all.forEach(w => w.hear_(e)));
onExit(last => all.forEach(w => w.exited_(last)));

export const widget = (element, internals, root) => {
  let state = 'loading';
  let field = '.loading';
  let view, painting, binding, handle, press, trouble, owner;
  let disabled = false;
  let spent = false; // the token was sent with a form
  let turn = 0; // number of the newest paint, whose answer alone is shown

  const ui = panels(root);
  const attribute = name => element.getAttribute(name) || '';
  const emit = (type, detail) => element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));

  // Only FormData is sent without a name attribute; only with a state that is not
  // null does a browser ask before it puts an old value back.
  const settle = () => {
    const data = new FormData();
    data.append(attribute('name') || 'ekyc-connect-response', field);
    internals.setFormValue(data, 'x');
    const missing = element.hasAttribute('required') && !states[state].sendable_;
    internals.setValidity(
      { valueMissing: missing },
      ui.word_(states[state].missing_) || 'Please answer.',
      ui.shown_('answer') || ui.shown_('heading') || root.firstChild,
    );
  };

  const become = (next, { token, retryAfter, unreachable } = {}) => {
    const previous = state;
    state = next;
    field = token || (unreachable ? '.unreachable' : states[next].field_);
    spent = false;
    try {
      internals.states.delete(previous);
      internals.states.add(next);
    } catch {} // an engine that wants another spelling
    element.dataset.state = next;
    settle();
    if (next != previous || retryAfter) emit('ekyc-state', { state, previous, retryAfter });
  };

  const language = () => {
    // A form's own lang may be a field of that name.
    for (let n = element; n; n = n.parentNode || n.host) if (n.lang?.trim?.()) return n.lang;
    return navigator.language;
  };

  const paint = async lang => {
    const mine = ++turn;
    // Once a newer paint has begun, this promise stays pending.
    const answer = await ask('/v1/view?' + new URLSearchParams({ sitekey: attribute('sitekey'), purpose: attribute('purpose'), lang: lang || language() })).finally(() => mine != turn && new Promise(() => {}));
    const tree = build(answer.view);
    const had = root.activeElement;
    view = answer;
    press = null; // it answered the words that are replaced now
    root.replaceChildren(tree);
    const choice = ui.part_('language');
    choice.append(...answer.languages.map(({ tag, name, dir }) => build(['option', { value: tag, lang: tag, dir }, name])));
    choice.value = answer.notice.lang;
    if (had) (ui.part_(had.dataset.part) || ui.shown_('heading')).focus();
    disable();
    settle();
  };

  const disable = () => root.querySelectorAll('button,input,select').forEach(c => (c.disabled = disabled));

  const broken = (e, degraded) => {
    trouble = e;
    if (!e.code) e = fault(view ? 'wasm_unavailable' : 'asset_integrity');
    const { code } = e;
    const asked = press;
    press = null;
    if (ui.part_('panel-error')) {
      if (degraded) hosted.offer_('wasm_unavailable');
      else ui.tell_(ui.word_(code) || ui.word_(e.fault) || ui.word_('unknown'));
      if (asked) ui.shown_('heading').focus();
    } else {
      ui.plain_('Could not be loaded: ' + code, true);
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
        if (attribute('mode') == 'hosted') {
          hosted.offer_('wasm_unavailable');
          ui.part_('error').textContent = ''; // nothing is wrong
        } else idle(() => all.has(me) && bind(), { timeout: 3000 });
      } catch (e) {
        broken(e);
      }
    })());

  const bind = () =>
    (binding ||= (async () => {
      try {
        await begin();
        const core = view && !hosted.offered_ && (await boot());
        await painting; // another language may have been asked for meanwhile
        if (view && core && !handle && !trouble) handle = core.bind(host);
      } catch (e) {
        if (binding && !trouble) broken(e, true); // else it was closed, or has failed already
      }
    })());

  const forget = () => {
    turn++;
    handle?.close();
    hosted.offered_ = false;
    handle = painting = binding = press = view = trouble = null;
  };

  const restart = () => {
    forget();
    ui.plain_('Loading…');
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
    if (p) ui.part_(p.part).removeAttribute('aria-busy');
    press = null;
    return p;
  };

  const sent = () => (spent = state == 'done');
  const near = new IntersectionObserver(list => list.at(-1).isIntersecting && begin(), { rootMargin: '400px' });

  const host = {
    root,
    params: () => ({
      ...Object.fromEntries(names.map(n => [n, attribute(n)])),
      lang: language(),
      disabled,
    }),
    view: () => view,
    paint,
    draw: data => draw(ui.part_('captcha'), data),
    state: become,
    emit,
    press: take,
    own,
    field_: () => field,
  };
  const hosted = hostedPage(host, ui);

  const me = {
    connected() {
      element.dataset.state = state;
      if (all.has(me)) return;
      all.add(me);
      if (state != 'loading') restart();
      else if (attribute('loading') == 'eager') setTimeout(begin);
      else near.observe(element);
    },
    // An element that is out of its page for longer than a move is closed, but not in
    // a state that the page may bring it back in. Each of those ends by itself within
    // minutes.
    disconnected: () =>
      setTimeout(() => {
        if (!element.isConnected) (handle || hosted.offered_) && states[state].kept_ ? setTimeout(me.disconnected, 6e4) : close();
      }),
    attributeChanged(name, was, is) {
      settle();
      if (was === is || name == 'disabled') return;
      if (handle && name != 'mode') handle.changed(name);
      else if (painting && ['sitekey', 'purpose', 'lang', 'mode'].includes(name)) restart();
    },
    formAssociated(form) {
      owner?.removeEventListener('formdata', sent);
      owner = form;
      owner?.addEventListener('formdata', sent);
    },
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
    // The page has come back from the browser's cache. A token that was sent is worthless now.
    back_() {
      if (spent || (hosted.offered_ && state != 'done')) me.formReset();
      else handle?.restore();
    },
    hear_: hosted.hear_,
    // The wasm has ended, for the last time or not.
    exited_(last) {
      handle = null; // its listeners ended with it
      if (hosted.offered_ || states[state].sendable_ || !view) return;
      if (last) broken(fault('wasm_unavailable'), true);
      else restart();
    },
    remove_() {
      close();
      element.remove();
    },
    control_(name) {
      const own = name == 'value' ? field : internals[name];
      return own?.bind?.(internals) || own;
    },
    state_: () => state,
    async use_(f) {
      await bind();
      if (!handle) throw trouble || fault('wasm_unavailable');
      return f(handle);
    },
  };

  watch(root);
  // Until the wasm is here a press is kept and shown as taken. The last one
  // counts: who agrees and then declines has declined.
  root.addEventListener('click', e => {
    const button = e.target.closest('button[data-part]');
    if (handle || !button) return;
    const name = button.dataset.part;
    if (hosted.offered_) return name == 'retry' ? hosted.visit_() : hosted.end_('.', 0, 'other-id');
    if (name == 'retry' || state == 'declined') return restart();
    take();
    press = { part: name, own: own(e) };
    button.setAttribute('aria-busy', true);
    ui.part_('status').replaceChildren(ui.word_('loading'));
    bind();
  });
  root.addEventListener('change', e => {
    if (!handle && e.target == ui.part_('language')) painting = paint(e.target.value).catch(broken);
  });
  for (const touch of ['pointerdown', 'focusin']) root.addEventListener(touch, () => view && bind());
  element.addEventListener('invalid', () => {
    settle(); // the panel may have changed since
    begin();
  });

  ui.plain_('Loading…');
  settle();
  return me;
};
