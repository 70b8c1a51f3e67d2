// An hour's reading must not be lost with the tab: what was written is kept in this
// browser, for each language by itself. The page works without this.
const form = document.getElementById('words');
const place = `words-${form.elements.lang.value}`;
const boxes = [...form.elements].filter((box) => box.matches('textarea, [name=name]'));
const kept = JSON.parse(localStorage.getItem(place) ?? '{}');
const forget = document.getElementById('forget');

for (const box of boxes) box.value ||= kept[box.name] ?? '';
forget.hidden = false;
form.addEventListener('input', () => {
  const written = boxes.filter((box) => box.value).map((box) => [box.name, box.value]);
  localStorage.setItem(place, JSON.stringify(Object.fromEntries(written)));
});
forget.addEventListener('click', () => {
  for (const box of boxes) box.value = '';
  localStorage.removeItem(place);
});
