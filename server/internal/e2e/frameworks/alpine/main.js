import Alpine from 'alpinejs';
import { initial } from '../page.js';

Alpine.data('onboarding', () => ({
  ...initial,
  init() {
    globalThis.app = { state: this, set: change => Object.assign(this, change) };
  },
}));
Alpine.start();
