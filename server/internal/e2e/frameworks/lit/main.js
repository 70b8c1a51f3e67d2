import { initial } from '../page.js';
import { Onboarding } from './onboarding.js';

customElements.define('x-onboarding', Onboarding);
const state = Object.assign(document.createElement('x-onboarding'), initial);
globalThis.app = { state, set: change => Object.assign(state, change) };
document.getElementById('app').append(state);
