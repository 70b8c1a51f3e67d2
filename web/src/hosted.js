// Where the wasm cannot run, or the partner wants it so: a button leads to the
// relay's own page in a window of its own, whose answer comes back as a message.
import { base } from './relay.js';

export const hostedPage = (host, ui) => {
  // The end of the presentation cannot be guessed. It goes to that page as state, so
  // that an answer to an older view than this one is not taken.
  const secret = () => host.view().presentation.slice(-22);

  const me = {
    offered_: false,

    offer_(key) {
      ui.tell_(ui.word_(key));
      ui.shown_('heading').textContent = ui.part_('heading').textContent; // the notice's
      ui.shown_('retry').textContent = ui.word_('open');
      me.offered_ = true;
    },

    // Called within the click, or the browser opens no window.
    visit_() {
      const { sitekey, purpose, ticket, subject } = host.params();
      const { lang } = host.view().notice;
      open(base + '/v1/hosted?' + new URLSearchParams({ sitekey, purpose, ticket, subject, lang, origin: location.origin, state: secret() }));
    },

    end_(response, expiresAt, reason = 'declined') {
      const token = response[0] != '.' && response;
      const name = token ? 'done' : 'declined';
      const focused = host.root.activeElement;
      ui.show_(name);
      if (focused) ui.shown_('heading').focus();
      host.state(name, { __proto__: null, token });
      if (!token) return host.emit('ekyc-decline', { reason });
      host.emit('ekyc-token', { token, expiresAt });
      // Looked at again and again: one long timer does not count a device's sleep.
      const timer = setInterval(() => {
        if (!me.offered_ || host.field_() != token) return clearInterval(timer);
        if (Date.now() < expiresAt) return;
        me.offer_('expired');
        host.state('expired');
        host.emit('ekyc-expire', {});
      }, 1000);
    },

    hear_({ source, origin, data }) {
      if (me.offered_ && source && new URL(base).origin == origin && data.state == secret()) me.end_(data.response, data.expiresAt);
    },
  };
  return me;
};
