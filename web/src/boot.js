// Starts the wasm: once a page, checked against the hash in this file, with a
// pause for the page between the steps.
import { program } from './go.js';
import { base, fault, get } from './relay.js';

let module, running;
let exited;
let tries = 0;
let exits = 0;

// f is called whenever the wasm has ended: with true if it is not started again.
export const onExit = f => (exited = f);

// Resolves to the wasm's core; a failure is not remembered.
export const boot = () =>
  (running ||= start().catch(e => {
    running = null;
    throw e.code ? e : fault('wasm_unavailable');
  }));

const start = async () => {
  if (exits > 1) throw fault('wasm_unavailable');
  // An empty module: tells whether the page's policy allows any, before 450 KB are fetched.
  new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
  module ||= await WebAssembly.compile(await download());
  await pause();
  const go = program();
  const instance = await WebAssembly.instantiate(module, go.imports);
  await pause();
  return new Promise((ready, failed) => {
    // It never ends by itself.
    go.run(instance, { base, version: VERSION, build: WASM_BUILD, ready }).then(() => {
      running = null;
      exits++;
      failed(fault('wasm_unavailable'));
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
      const reply = await get(WASM_PATH, { cache: tries++ ? 'reload' : 'default', ...options });
      if (reply.ok) return await reply.arrayBuffer();
    } catch {}
    throw fault('network');
  };
  if (crypto.subtle) {
    const body = await load();
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-384', body));
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
