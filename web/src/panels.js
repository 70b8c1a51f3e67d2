// The panels of a painted view, as the loader uses them: one is shown at a time,
// and all the words of the language are in the view. Before it, or instead of it,
// there is one panel with the element's own children.
import { make, build } from './paint.js';

export const panels = root => {
  const find = selector => root.querySelector(selector);
  const part = name => find(`[data-part=${name}]`);
  const shown = name => find(`section:not([hidden]) [data-part=${name}]`);

  const me = {
    part_: part,
    shown_: shown,
    heading_: () => shown('heading') || root.firstChild,
    word_: key => (find(`[class~="${key}"]`) || '').textContent,
    show_(name) {
      for (const s of root.querySelectorAll('section')) s.hidden = s.dataset.part != 'panel-' + name;
    },
    tell_(text) {
      me.show_('error');
      for (const p of root.querySelectorAll('[data-slot=reason],[data-part=error]')) p.textContent = text;
    },
    // Beside the button that tries again, or in its place.
    link_(href, instead) {
      const retry = find('[data-part=panel-error] button');
      const link = find('[rel=opener]') || build(['a', { target: '_blank', rel: 'opener' }, me.word_('open') || 'Continue on a separate page']);
      link.href = href;
      link.className = instead ? 'main' : 'other';
      link.dataset.part = instead ? 'retry' : '';
      retry.hidden = instead;
      retry.after(link);
    },
    // Nothing that an engine lacks is used here.
    plain_(text) {
      root.textContent = '';
      root.append(
        build([
          'div',
          { class: 'ekyc', tabindex: '-1', lang: 'en', dir: 'ltr' },
          [
            'section',
            { 'data-part': 'panel-error' },
            ['p', { role: 'status', 'data-slot': 'reason' }, text],
            ['button', { hidden: '', 'data-part': 'retry' }, 'Try again'],
          ],
        ]),
      );
      find('section').append(make('slot'));
    },
  };
  return me;
};
