// The panels of a painted view, as the loader uses them: one is shown at a time,
// and all the words of the language are in the view.
import { build } from './paint.js';

export const panels = root => {
  const find = selector => root.querySelector(selector);
  const part = name => find(`[data-part=${name}]`);
  const show = name => root.querySelectorAll('section').forEach(s => (s.hidden = s.dataset.part != 'panel-' + name));

  return {
    part_: part,
    shown_: name => find(`section:not([hidden]) [data-part=${name}]`),
    show_: show,
    word_: key => find(`[data-message~="${key}"]`)?.textContent,
    tell_(text) {
      show('error');
      root.querySelectorAll('[data-slot=reason],[data-part=error]').forEach(p => (p.textContent = text));
    },
    // Shown before the view, or instead of it, together with the element's own children.
    plain_(text, again) {
      const box = build(['div', { class: 'ekyc plain', part: 'view', tabindex: -1, lang: 'en', dir: 'ltr' }, ['p', { role: 'status' }, text]]);
      box.append(document.createElement('slot'));
      if (again) box.append(build(['button', { 'data-part': 'retry' }, 'Try again']));
      root.replaceChildren(box);
    },
  };
};
