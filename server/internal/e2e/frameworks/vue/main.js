import { createApp, h, reactive } from 'vue';
import { initial } from '../page.js';
import Onboarding from './Onboarding.vue';

const state = reactive({ ...initial });
globalThis.app = { state, set: change => Object.assign(state, change) };
createApp(() => h(Onboarding, { ...state, 'onUpdate:token': token => (state.token = token) })).mount('#app');
