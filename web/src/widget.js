// One widget: it paints the notice, sets the form's field and keeps early presses.
// Once bound, the wasm decides everything and acts through host.
import { globals, MutationObserver, Promise, FormData, then, able, assign, listen, reflect, findAll, Set, unlisten, getAttribute, CustomEvent, apply, idle, IntersectionObserver, open, setTimeout, random } from './browser.js';
import { isFlag, names, forms } from './attributes.js';
import { load, onExit, boot } from './boot.js';
import { build } from './paint.js';
import { ask, get, fault, Fault } from './relay.js';
import { watch, own, presses } from './press.js';
import { states } from './states.js';
import { panels } from './panels.js';
import { hostedPage } from './hosted.js';

export const all = new Set();

const each = f => {
  for (const w of all) f(w);
};
addEventListener('pageshow', e => e.persisted && each(w => w.back_()));
addEventListener('pagehide', () => each(w => w.left_()));
addEventListener('message', e => each(w => w.hear_(e)));
onExit(last => each(w => w.exited_(last)));

const other = part => (part == 'alternative' ? 'other-id' : undefined);

// The view as DOM, whole or not at all.
const paintable = ({ view, languages, notice }) => {
  const tree = build(view);
  const choice = tree.querySelector('[data-part=language]');
  for (const { tag, name, dir } of languages) choice.append(build(['option', { value: tag, lang: tag, dir, ...(tag == notice.lang && { selected: '' }) }, name]));
  return tree;
};

export const widget = (element, internals, root) => {
  let state = 'loading';
  let field = '.loading';
  let view, painting, binding, handle, press, trouble, owner;
  let disabled = false;
  let spent, asked, read; // see fate
  let quiet; // no button acts
  let turn = 0; // number of the newest paint, whose answer alone is shown

  const ui = panels(root);
  const attribute = name => element.getAttribute(name) || '';
  const emit = (type, detail) => element.dispatchEvent(new CustomEvent(type, { __proto__: null, detail: detail && { ...detail }, bubbles: true, composed: true }));

  // Only FormData is sent without a name attribute; only with a state that is not
  // null does a browser ask before it puts an old value back.
  const settle = () => {
    const data = new FormData();
    const name = attribute('name') || 'ekyc-connect-response';
    // Looked for each time: a copy of the element brings its input along, and a page
    // that renders anew may take it out.
    const input = element.querySelector('[data-part=field]') || build(['input', { 'data-part': 'field', type: 'hidden', autocomplete: 'off' }]);
    if (!able || attribute('field') == 'input') {
      assign(input, { __proto__: null, name, value: field, disabled });
      reflect(input, 'form', getAttribute(element, 'form'));
      if (!input.parentNode) element.append(input);
    } else {
      input.remove();
      data.append(name, field);
    }
    internals.setFormValue(data, 'x');
    const missing = element.hasAttribute('required') && !states[state].sendable_;
    internals.setValidity(
      { __proto__: null, valueMissing: missing },
      ui.word_(states[state].missing_) || 'Please answer.',
      ui.shown_('answer') || ui.heading_(),
    );
  };

  const become = (next, how) => {
    const { token, retryAfter, unreachable } = { __proto__: null, ...how };
    const previous = state;
    const held = field;
    state = next;
    field = token || (unreachable ? '.unreachable' : states[next].field_);
    spent = asked = read = false;
    try {
      internals.states.delete(previous);
      internals.states.add(next);
    } catch {} // an engine that wants another spelling
    element.dataset.state = next;
    settle();
    if (next != previous || retryAfter) emit('ekyc-state', { state, previous, retryAfter });
    if (field != held) for (const type of ['input', 'change']) emit(type);
  };

  const language = () => {
    for (let n = element, top; n; n = top instanceof ShadowRoot && top.host) {
      const near = n.closest('[lang]:not([lang=""])');
      if (near) return getAttribute(near, 'lang');
      top = n.getRootNode();
    }
    return navigator.language;
  };

  const given_ = some => {
    const given = { __proto__: null };
    for (const name of some) given[name] = name == 'lang' ? language() : attribute(name);
    return given;
  };

  const paint = async lang => {
    const mine = ++turn;
    let answer, failed;
    try {
      answer = await ask('/v1/view?' + new URLSearchParams({ ...given_(['sitekey', 'purpose', 'lang']), ...(lang && { lang }) }));
    } catch (e) {
      failed = e;
    }
    if (mine != turn) await new Promise(() => {}); // a newer paint has begun, and this one never ends
    if (failed) throw failed;
    const tree = paintable(answer);
    const had = root.activeElement;
    view = answer;
    // What a fragment has painted stays, if it is what would be painted now. The person
    // may have opened the details.
    disable();
    tree.querySelector('details').open = root.querySelector('[open]');
    if (!tree.isEqualNode(ui.part_('view'))) {
      press = null; // it answered the words that are replaced now
      root.replaceChildren(tree);
      if (had) (ui.part_(had.dataset.part) || ui.heading_()).focus();
    }
    disable();
    settle();
  };

  const disable = () => {
    for (const c of root.querySelectorAll('button,input,select')) c.disabled = disabled;
  };

  const broken = (e, degraded) => {
    if (!(e instanceof Fault)) e = fault(degraded ? 'wasm_unavailable' : 'asset_integrity');
    const { code } = e;
    const network = code == 'network';
    // Nobody waits for the wasm yet: it is asked for anew at the next press.
    if (degraded && network && !press) return (binding = null);
    trouble = e;
    if (e.detail) globals.console.error(e.message);
    const asked = take();
    // Who refuses is let go, whatever becomes of the record.
    if (asked && asked.own && asked.part != 'agree') {
      const body = {
        ...given_(['sitekey', 'purpose', attribute('ticket') ? 'ticket' : 'subject']),
        presentation: view.presentation,
        notice_sha256: view.notice.sha256,
        idempotency_key: random(),
        client: { __proto__: null, channel: 'widget', version: VERSION, build: WASM_BUILD },
        alternative: other(asked.part),
      };
      // Sent even if the person leaves the page next.
      then(get('/v1/declines', { method: 'POST', keepalive: true, body: globals.JSON.stringify(body) }), 0, () => {});
      return hosted.end_('.', 0, body.alternative);
    }
    if (degraded && !network) separate();
    else hosted.offer_(ui.word_(code) || ui.word_(e.fault) || ui.word_('unknown') || 'Could not be loaded: ' + (e.detail || code));
    if (asked) ui.heading_().focus();
    become('error', { unreachable: network });
    if (degraded) emit('ekyc-degraded', { reason: code });
    emit('ekyc-error', e);
  };

  // The hosted page instead of the wasm.
  const separate = () => {
    hosted.offer_(ui.word_('wasm_unavailable'), true);
    if (view) ui.heading_().textContent = ui.part_('heading').textContent; // the notice's
  };

  // Paints; the wasm follows when the page is idle, or at the first press.
  const begin = () => (painting ||= then(first(), 0, broken));
  const first = async () => {
    near.disconnect();
    // As innerHTML, clones and older engines leave it.
    const inert = element.querySelector('template[shadowrootmode]');
    if (inert) {
      root.replaceChildren(inert.content);
      inert.remove();
    }
    const hosts = !able || attribute('mode') == 'hosted';
    const painted = able && paint();
    if (!hosts) load();
    await painted;
    become('notice');
    if (hosts) {
      separate();
      if (view) ui.part_('error').textContent = ''; // nothing is wrong
    } else idle(() => all.has(me) && bind());
  };

  // A failure is not told if the widget was closed meanwhile, or has failed already.
  const bind = () => (binding ||= then(takeover(), 0, e => binding && !trouble && broken(e, true)));
  const takeover = async () => {
    await begin();
    const core = view && !hosted.offered_ && (await boot());
    await painting; // another language may have been asked for meanwhile
    if (core && state == 'notice' && !handle && !(handle = core.bind(host))) throw fault('wasm_unavailable');
  };

  const forget = () => {
    turn++;
    if (handle) handle.close();
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

  const near = new IntersectionObserver(list => {
    for (const { isIntersecting } of list) isIntersecting && begin();
  }, { __proto__: null, rootMargin: '400px' });

  // A token is spent once its form was sent: by the browser, or by a script that has
  // asked for the form's data and then left the page. Where the person has pressed something
  // in between, the script only read the data, and it is that press that leads away.
  const fate = e => {
    if (e.type == 'submit') {
      asked = true; // to send it
      setTimeout(() => (spent ||= state == 'done' && !e.defaultPrevented));
    } else {
      read = state == 'done' && (asked || presses);
    }
  };

  const host = {
    root,
    params: () => ({ ...given_(names), disabled }),
    given_,
    view: () => view,
    paint,
    state: become,
    emit,
    press: take,
    own,
    unfocused: () => !findAll(document, ':focus-within')[0],
    field_: () => field,
  };
  const hosted = hostedPage(host, ui);

  const me = {
    connected() {
      me.removed_ = false;
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
      // What a page takes away that renders anew from its server's markup.
      if (name == 'data-state') return is == state || (element.dataset.state = state);
      if (is == 'false' && isFlag(name)) return element.removeAttribute(name);
      settle();
      if (was === is || name == 'disabled') return;
      if (handle && name != 'mode') handle.changed(name);
      else if (painting && (name == 'sitekey' || name == 'purpose' || name == 'lang' || name == 'mode')) restart();
    },
    formAssociated(form) {
      for (const type of ['submit', 'formdata']) {
        if (owner) unlisten(owner, type, fate);
        if (form) listen(form, type, fate);
      }
      owner = form;
      settle();
    },
    formDisabled(off) {
      disabled = off;
      disable();
      settle();
      if (handle) handle.changed('disabled');
    },
    formReset() {
      if (handle) handle.reset();
      else if (painting) restart();
    },
    formStateRestore: settle,
    // The page has come back from the browser's cache. A token that was sent is worthless now.
    back_() {
      if (spent || (hosted.offered_ && state != 'done')) me.formReset();
      else if (handle) handle.restore();
    },
    left_: () => (spent ||= read === true || read == presses),
    hear_: hosted.hear_,
    // The wasm has ended, for the last time or not.
    exited_(last) {
      handle = null; // its listeners ended with it
      if (hosted.offered_ || states[state].sendable_ || !view) return;
      if (last) broken(0, true);
      else restart();
    },
    remove_() {
      me.removed_ = true;
      close();
      element.remove();
    },
    control_(name) {
      if (name == 'value') return field;
      if (isFlag(name)) return element.hasAttribute(name);
      // Beside an input of this name the element is no second control of it.
      if (forms[name]) return name == 'name' && attribute('field') == 'input' ? '' : attribute(name);
      const own = internals[name];
      return typeof own == 'function' ? (...given) => apply(own, internals, given) : own;
    },
    state_: () => state,
    focus_(options) {
      (root.querySelector('section:not([hidden]) [data-part]:not(h2):not(canvas):not([hidden])') || ui.heading_()).focus(options);
    },
    async use_(f) {
      await bind();
      if (!handle) throw trouble || fault('wasm_unavailable');
      return f(handle);
    },
  };

  watch(root);
  // Until the wasm is here a press is kept and shown as taken. The last one
  // counts: who agrees and then declines has declined. But for 1 s after agree no
  // button acts, under which a double tap may have ended.
  root.addEventListener('click', e => {
    if (e.target.rel == 'opener') {
      e.preventDefault();
      // Some web views and frames open no window; some let this page be left instead.
      return open(e.target) || (attribute('return') && open(e.target, '_top')) || broken(fault('invalid_request', { fault: 'partner', detail: 'no window opens' }));
    }
    const button = e.target.closest('button[data-part]');
    if (handle || !button || quiet) return;
    const name = button.dataset.part;
    if (name == 'retry' || state == 'declined') return restart();
    if (hosted.offered_) return hosted.end_('.', 0, other(name));
    take();
    press = { part: name, own: own(e) };
    if (name == 'agree' && press.own) quiet = setTimeout(() => (quiet = 0), 1e3);
    button.setAttribute('aria-busy', true);
    ui.part_('status').replaceChildren(ui.word_('loading'));
    bind();
  });
  root.addEventListener('change', e => {
    if (!handle && e.target == ui.part_('language')) painting = then(paint(e.target.value), 0, broken);
  });
  // The letters are typed in here, and no business of the page's.
  root.addEventListener('input', e => e.stopPropagation());
  // A click of a label comes to the element itself, and to no part of it.
  element.addEventListener('click', e => e.composedPath()[0] == element && me.focus_());
  element.addEventListener('invalid', () => {
    settle(); // the panel may have changed since
    begin();
  });

  new MutationObserver(settle).observe(element, { __proto__: null, childList: true });
  if (!root.firstChild) ui.plain_('Loading…');
  settle();
  return me;
};
