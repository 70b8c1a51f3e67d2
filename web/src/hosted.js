// Where the wasm cannot run, or the partner wants it so: a link leads to the relay's
// own page in a window of its own, whose answer comes back as a message.
import { base } from './relay.js';
import { random } from './browser.js';

const carried = 'sitekey purpose ticket subject lang return'.split(' '); // of the attributes

export const hostedPage = (host, ui) => {
  let state; // cannot be guessed, and so an answer to an older link is not taken

  const me = {
    offered_: false,

    // Shows a text, with the link beside the button that tries again or instead of it.
    offer_(text, instead) {
      state = random();
      me.offered_ = true;
      ui.tell_(text);
      const given = host.given_(carried);
      ui.link_(base + '/v1/hosted?' + new URLSearchParams({ ...given, origin: location.origin, state }), instead);
    },

    end_(response, expiresAt, other) {
      const token = response[0] != '.' && response;
      const name = token ? 'done' : 'declined';
      const focused = host.root.activeElement;
      if (host.view()) ui.show_(name);
      else ui.plain_('Done.');
      if (focused) ui.heading_().focus();
      host.state(name, { token });
      if (!token) return host.emit('ekyc-decline', { reason: other || 'declined' });
      host.emit('ekyc-token', { token, expiresAt });
      // Looked at again and again: one long timer does not count a device's sleep.
      const timer = setInterval(() => {
        if (!me.offered_ || host.field_() != token) return clearInterval(timer);
        if (Date.now() < expiresAt) return;
        me.offer_(ui.word_('expired'), true);
        host.state('expired');
        host.emit('ekyc-expire', {});
      }, 1000);
    },

    hear_(e) {
      if (e.source && me.offered_ && e.origin == new URL(base).origin && e.data.state == state) me.end_(e.data.response, e.data.expiresAt);
    },
  };
  return me;
};
