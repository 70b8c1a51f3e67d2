// The demo's own script: it shows what the widget tells the page. A partner
// needs none of this.
(() => {
  'use strict';
  const types = ['state', 'consent', 'decline', 'token', 'expire', 'error', 'degraded'];
  const early = [];
  let list;

  const short = (text) => (text.length > 28 ? `${text.slice(0, 16)}… (${text.length} characters)` : text);

  const detailOf = (detail) =>
    JSON.stringify(detail ?? {}, (_, value) => (typeof value === 'string' && value.length > 64 ? short(value) : value));

  const showValue = () => {
    const value = new FormData(document.getElementById('onboard')).get('ekyc-connect-response');
    document.getElementById('value').textContent = value === null ? 'nothing' : short(value);
  };

  const add = ({ at, type, detail }) => {
    list.querySelector('.hint')?.remove();
    const row = document.createElement('li');
    const time = document.createElement('time');
    time.textContent = at.toTimeString().slice(0, 8);
    const name = document.createElement('b');
    name.textContent = type;
    const text = document.createElement('code');
    text.textContent = detailOf(detail);
    row.append(time, ' ', name, ' ', text);
    list.prepend(row);
    while (list.children.length > 50) list.lastChild.remove();
    showValue();
  };

  // copy takes the code beside the button; where the clipboard is refused, the code is
  // selected, to be copied by hand.
  const copy = async ({ target }) => {
    const code = document.getElementById(target.dataset?.copy);
    if (!code) return;
    try {
      await navigator.clipboard.writeText(code.textContent);
      target.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code);
      target.textContent = 'Selected';
    }
    setTimeout(() => (target.textContent = 'Copy'), 2000);
  };

  for (const type of types) {
    document.addEventListener(`ekyc-${type}`, (event) => {
      const entry = { at: new Date(), type: event.type, detail: event.detail };
      if (list) add(entry);
      else early.push(entry);
    });
  }

  document.addEventListener('DOMContentLoaded', () => {
    list = document.getElementById('events');
    early.forEach(add);
    showValue();
    document.getElementById('clear').addEventListener('click', () => list.replaceChildren());
    document.addEventListener('click', copy);
    const chooser = document.getElementById('chooser');
    chooser.addEventListener('change', () => chooser.requestSubmit());
    // The value is set after the event, and a form's own reset after its listeners.
    document.getElementById('onboard').addEventListener('reset', () => setTimeout(showValue));
    document.addEventListener('ekyc-state', () => setTimeout(showValue));
  });
  addEventListener('pageshow', (event) => event.persisted && setTimeout(showValue));
})();
