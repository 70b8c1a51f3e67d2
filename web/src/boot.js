// Starts the wasm: once a page, checked against the hash in this file, with a
// pause for the page between the steps.
import { compile, Instance, instantiate, loose, Module, Promise, setTimeout, then, Uint8Array } from './browser.js';
import { program } from './go.js';
import { base, Fault, fault, get } from './relay.js';

const digest = crypto.subtle && loose(crypto.subtle.digest);

let module, running;
let exited;
let tries = 0;
let exits = 0;

// f is called whenever the wasm has ended: with true if it is not started again.
export const onExit = f => (exited = f);

// Resolves to the wasm's core; a failure is not remembered.
export const boot = () =>
  (running ||= (async () => {
    try {
      return await start();
    } catch (e) {
      running = null;
      throw e instanceof Fault ? e : fault('wasm_unavailable');
    }
  })());

const start = async () => {
  if (exits > 1) throw fault('wasm_unavailable');
  // An empty module: tells whether the page's policy allows any, before 450 KB are fetched.
  new Instance(new Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
  module ||= await compile(await download());
  await pause();
  const go = program();
  const instance = await instantiate(module, go.imports);
  await pause();
  return new Promise((ready, failed) => {
    const no = () => failed(fault('wasm_unavailable'));
    go.run(instance, { base, version: VERSION, build: WASM_BUILD, wait: then, ready: core => (core ? ready(core) : no()) }, () => {
      running = null;
      exits++;
      no();
      exited(exits > 1);
    });
  });
};

const pause = () => new Promise(go => setTimeout(go));

// No engine tells a wrong hash from a broken network when fetch checks it. So the
// hash is compared here, or, where the page has no crypto.subtle (plain http), a
// second, unchecked request tells the two apart.
const download = async () => {
  const load = async options => {
    try {
      const reply = await get(WASM_PATH, { __proto__: null, cache: tries++ ? 'reload' : 'default', ...options });
      if (reply.ok) return await reply.arrayBuffer();
    } catch {}
    throw fault('network');
  };
  if (digest) {
    const body = await load();
    const sum = new Uint8Array(await digest(crypto.subtle, 'SHA-384', body));
    if ('sha384-' + btoa(String.fromCharCode(...sum)) == WASM_INTEGRITY) return body;
  } else {
    try {
      return await load({ integrity: WASM_INTEGRITY });
    } catch {
      await load();
    }
  }
  throw fault('asset_integrity');
};
