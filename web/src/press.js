// Which presses are a person's own: the browser made the event, and its key or
// pointer went down on the very control that is clicked. Engines also call a click
// their own that a script sent through a <label>, and one whose key was meant for
// another field, from which a script moved the focus away.
let down; // where it last went down, until its click has come
export let presses = 1; // grows with every press on the page, by one or two

// mousedown alone is what assistive technology sends for an activation.
const types = ['keydown', 'pointerdown', 'mousedown'];
const control = e => e.target.closest && e.target.closest('[data-part]');

for (const type of types)
  addEventListener(type, () => {
    down = null;
    presses++;
  }, true);

// A listener at the window does not see inside a page's own closed shadow roots.
export const watch = root => {
  for (const type of types)
    root.addEventListener(type, e => {
      // A key that is held down repeats wherever the focus is then.
      if (e.isTrusted && !e.repeat && (type != 'keydown' || e.key == 'Enter' || e.key == ' '))
        down = { control_: control(e), counted_: type == 'pointerdown' || e.detail };
    }, true);
};

// Whether this click is a person's own press. A click of a pointer counts how often
// it was pressed; one through a label does not.
export const own = e => {
  const from = down;
  down = null;
  return !!(e.isTrusted && from && from.control_ == control(e) && (e.detail || !from.counted_));
};
