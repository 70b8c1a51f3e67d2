import { readdirSync } from 'node:fs';
import vue from '@vitejs/plugin-vue';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import solid from 'vite-plugin-solid';
import { defineConfig } from 'vite';

// The frameworks' own checks of what a page does, StrictMode's second mount among them.
process.env.NODE_ENV = 'development';

// Each folder with a main.* is an app, and dist/NAME.js its script.
const apps = readdirSync('.', { recursive: true }).filter(file => /^[\w-]+\/main\.\w+$/.test(file));

export default defineConfig({
  mode: 'development',
  plugins: [
    vue({ template: { compilerOptions: { isCustomElement: tag => tag === 'ekyc-connect' } } }),
    svelte(),
    solid({ include: 'solid/**' }),
  ],
  build: {
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(apps.map(file => [file.split('/')[0], file])),
      output: { entryFileNames: '[name].js' },
    },
  },
});
