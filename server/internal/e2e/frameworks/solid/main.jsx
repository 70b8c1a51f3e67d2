import { createStore } from 'solid-js/store';
import { render } from 'solid-js/web';
import { initial } from '../page.js';
import { Onboarding } from './Onboarding.jsx';

const [state, set] = createStore({ ...initial });
globalThis.app = { state, set };
render(() => <Onboarding {...state} onToken={token => set({ token })} />, document.getElementById('app'));
