// The demo's own script: one press on a test number fills it in. A partner needs
// none of this.
document.addEventListener('click', (event) => {
  const chosen = event.target.closest('[data-fill]');
  if (!chosen) return;
  const field = document.getElementById('typed');
  field.value = chosen.dataset.fill;
  field.focus();
});
