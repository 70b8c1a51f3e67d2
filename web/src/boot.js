// Starts the wasm: once a page, checked against the hash in this file, with a
// pause for the page between the steps.
import { program } from './go.js';
import { instantiate, compileStreaming, then, compile, setTimeout, Module, loose, random, Promise, Uint8Array, now } from './browser.js';
import { fault, Fault, base, get } from './relay.js';

const digest = crypto.subtle && loose(crypto.subtle.digest);

let module, running;
let exited;
let tries = 0;
let exits = 0;

// f is called whenever the wasm has ended: with true if it is not started again.
export const onExit = f => (exited = f);

// Resolves to the wasm's core; a failure is not remembered.
export const boot = () =>
  (running ||= then(start(), 0, e => {
    running = module = null;
    throw e instanceof Fault ? e : fault('wasm_unavailable');
  }));

const start = async () => {
  if (exits > 1) throw fault('wasm_unavailable');
  const module = await load();
  await pause();
  const go = program();
  const instance = await instantiate(module, go.imports);
  await pause();
  const core = await new Promise((ready, failed) => {
    const no = () => failed(fault('wasm_unavailable'));
    go.run(instance, { base, version: VERSION, build: WASM_BUILD, now, random, wait: then, ready: core => (core ? ready(core) : no()) }, () => {
      running = null;
      exits++;
      no();
      exited(exits > 1);
    });
  });
  await pause();
  return core;
};

const pause = () => new Promise(go => setTimeout(go));

// Asks for the module, once a page. What has failed is forgotten: who boots later asks anew.
export const load = () => {
  if (!module) then((module = download()), 0, () => (module = null));
  return module;
};

// The module is compiled while it arrives, and then its bytes are compared with the hash.
// A fetch that is told the hash hands over nothing before the last byte, and does not
// tell a wrong hash from a broken network. So only where a page has no crypto.subtle
// (plain http) a second one, of what the browser has just kept, is told the hash.
const download = async () => {
  // An empty module: tells whether the page's policy allows any, before 450 KB are fetched.
  new Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  const ask = (cache, integrity) => get(WASM_PATH, { __proto__: null, priority: 'low', cache, integrity });
  let body, compiled;
  try {
    const reply = await ask(tries++ ? 'reload' : 'default');
    const copy = reply.clone();
    try {
      compiled = await compileStreaming(copy);
    } catch {} // not sent as wasm, or by an engine that compiles no stream
    if (reply.ok) body = await reply.arrayBuffer();
  } catch {}
  if (!body) throw fault('network');
  if (digest) {
    const sum = new Uint8Array(await digest(crypto.subtle, 'SHA-256', body));
    if ('sha256-' + btoa(String.fromCharCode(...sum)) == WASM_INTEGRITY) return compiled || compile(body);
  } else {
    try {
      return compile(await (await ask('force-cache', WASM_INTEGRITY)).arrayBuffer());
    } catch {}
  }
  throw fault('asset_integrity');
};
