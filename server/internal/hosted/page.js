// Tells the window that opened this page how it ended. Without it the page works
// as well: the answer then goes back by the button.
{
  const { state, response, seconds, origin } = document.currentScript.dataset;
  const status = document.querySelector('[role=status]');
  addEventListener('submit', () => (status.textContent = status.dataset.wait));
  addEventListener('pageshow', () => (status.textContent = ''));
  if (response && opener) {
    opener.postMessage({ type: 'ekyc-connect', state, response, expiresAt: seconds ? Date.now() + seconds * 1000 : null }, origin);
    document.documentElement.dataset.told = '';
  }
}
