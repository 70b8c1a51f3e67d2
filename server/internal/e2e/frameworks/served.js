// Apps whose server renders the form: a change is a new form from the server.
import { initial } from './page.js';

export const served = render => {
  const state = { ...initial };
  const element = () => document.querySelector('ekyc-connect');
  document.addEventListener('change', e => (state.token = e.target.value));
  globalThis.app = {
    state,
    set({ token, ...change }) {
      if (token !== undefined) element().value = state.token = token;
      else render(new URLSearchParams(Object.assign(state, change)));
    },
  };
};
