$('form').on('submit', event => {
  event.preventDefault();
  $.post('/onboard', $(event.target).serialize());
});
