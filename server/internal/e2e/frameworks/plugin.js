// Pages with jQuery: a change is made on the element itself.
import $ from 'jquery';
import { initial } from './page.js';

globalThis.jQuery = globalThis.$ = $; // which plugins look for

const element = $('ekyc-connect');
const state = { ...initial };
element.on('change', () => (state.token = element.val()));
globalThis.app = {
  state,
  set({ theme, disabled, shown, token }) {
    if (theme) element.attr('theme', theme);
    if (disabled !== undefined) element.prop('disabled', disabled);
    if (shown === false) element.detach();
    if (shown) $('form').prepend(element);
    if (token) element.val((state.token = token));
  },
};
