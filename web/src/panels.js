// The panels of a painted view, as the loader uses them: one is shown at a time,
// and all the words of the language are in the view.
import { build, make } from './paint.js';

export const panels = root => {
  const find = selector => root.querySelector(selector);
  const part = name => find(`[data-part=${name}]`);
  const show = name => {
    for (const s of root.querySelectorAll('section')) s.hidden = s.dataset.part != 'panel-' + name;
  };

  return {
    part_: part,
    shown_: name => find(`section:not([hidden]) [data-part=${name}]`),
    show_: show,
    word_: key => find(`[data-message~="${key}"]`)?.textContent,
    tell_(text) {
      show('error');
      for (const p of root.querySelectorAll('[data-slot=reason],[data-part=error]')) p.textContent = text;
    },
    // Shown before the view, or instead of it, together with the element's own children.
    plain_(text, again) {
      const box = build(['div', { class: 'ekyc', part: 'view', tabindex: '-1', lang: 'en', dir: 'ltr' }, ['section', {}, ['p', { role: 'status' }, text]]]);
      box.firstChild.append(make('slot'));
      if (again) box.firstChild.append(build(['button', { 'data-part': 'retry' }, 'Try again']));
      root.replaceChildren(box);
    },
  };
};
