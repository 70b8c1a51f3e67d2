// What a Go program in the browser imports: values, calls, time, randomness.
// Written after lib/wasm/wasm_exec.js of Go 1.26 (The Go Authors, BSD licence),
// which is twice as large, sets globals on the page and uses a page's globals of
// the same names. A test of web/build fails when that file has changed.
import { Uint8Array, setTimeout, randomize, loose, Map, apply, construct, globals, now } from './browser.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const encode = loose(encoder.encode);
const decode = loose(decoder.decode);

// A reference is a NaN: its high word holds the type, its low word an index.
const reference = 0x7ff80000;
const types = { object: 1, string: 2, symbol: 3, function: 4 };

export const program = () => {
  let wasm, ended, over;
  let octets, words, floats; // the program's memory
  const timers = { __proto__: null };

  const step = go => {
    if (ended) return; // an event for a program that is no more
    try {
      go();
    } catch (e) {
      // A stack that overflows ends it as surely as an exit does, but says so by an exception alone.
      globals.console.error(e);
      ended = true;
    }
    if (ended) over();
  };
  const resume = () => step(() => wasm.resume());

  // Instead of the page's global object; ekyc is what run was given.
  const global = { __proto__: null, ...globals };

  // Go asks this one for its events.
  const self = {
    _pendingEvent: null,
    _makeFuncWrapper: id =>
      function () {
        const event = { id, this: this, args: arguments };
        self._pendingEvent = event;
        resume();
        return event.result;
      },
  };

  // The values that Go holds, by index; how often it holds each; the indexes, by
  // value; and those that are free again.
  const values = [NaN, 0, null, true, false, global, self];
  const counts = [];
  const ids = new Map();
  for (let id = 0; id < values.length; id++) {
    counts[id] = Infinity;
    ids.set(values[id], id);
  }
  const free = [];
  let frees = 0; // how many of them there are

  // Addresses and lengths are 64 bits wide; memory ends long before 32.
  const uint = at => words[at >>> 2];
  const set = (at, low, high) => {
    words[at >>> 2] = low;
    words[(at >>> 2) + 1] = high;
  };
  const setInt = (at, n) => set(at, n, n / 2 ** 32);
  const remember = () => {
    const { buffer } = wasm.mem;
    octets = new Uint8Array(buffer);
    words = new Uint32Array(buffer);
    floats = new Float64Array(buffer);
  };

  const load = at => {
    const n = floats[at >>> 3];
    return n === 0 ? undefined : n !== n ? values[uint(at)] : n;
  };
  const store = (at, v) => {
    if (v === undefined || (typeof v == 'number' && v && v === v)) return (floats[at >>> 3] = v || 0);
    let id = ids.get(v);
    if (id === undefined) {
      id = frees ? free[--frees] : values.length;
      values[id] = v;
      counts[id] = 0;
      ids.set(v, id);
    }
    counts[id]++;
    set(at, id, reference | (v === null ? 0 : types[typeof v]));
  };

  const bytes = at => new Uint8Array(wasm.mem.buffer, uint(at), uint(at + 8));
  const string = at => decode(decoder, bytes(at));
  const list = at => {
    const all = [];
    for (let i = uint(at + 8); i--; ) all[i] = load(uint(at) + i * 8);
    return all;
  };

  // A call may run Go, and that may move its stack: the answer goes to where the stack is then.
  const attempt = (at, call) => {
    let answer;
    let good = 1;
    try {
      answer = call();
    } catch (e) {
      answer = e;
      good = 0;
    }
    const sp = wasm.getsp() + at;
    store(sp, answer);
    octets[sp + 8] = good;
  };

  const gojs = {
    'runtime.wasmExit': () => (ended = true),
    'runtime.wasmWrite': sp => globals.console.error(string(sp + 16)), // nothing but a panic
    'runtime.resetMemoryDataView': remember,
    'runtime.nanotime1': sp => setInt(sp + 8, now() * 1e6),
    'runtime.walltime': () => {}, // for package time, which is not linked: it is too large
    'runtime.scheduleTimeoutEvent': sp => {
      const id = setTimeout(() => {
        while (!ended && timers[id]) resume(); // until Go has taken note (golang/go#28975)
      }, uint(sp + 8));
      timers[id] = true;
      words[(sp + 16) >>> 2] = id;
    },
    'runtime.clearTimeoutEvent': sp => delete timers[uint(sp + 8)], // and it will do nothing
    'runtime.getRandomData': sp => randomize(crypto, bytes(sp + 8)),

    'syscall/js.finalizeRef': sp => {
      const id = uint(sp + 8);
      if (--counts[id]) return;
      ids.delete(values[id]);
      values[id] = null;
      free[frees++] = id;
    },
    'syscall/js.stringVal': sp => store(sp + 24, string(sp + 8)),
    'syscall/js.valueGet': sp => {
      const v = load(sp + 8)[string(sp + 16)];
      store(wasm.getsp() + 32, v);
    },
    'syscall/js.valueSet': sp => (load(sp + 8)[string(sp + 16)] = load(sp + 32)),
    'syscall/js.valueIndex': sp => store(sp + 24, load(sp + 8)[uint(sp + 16)]),
    'syscall/js.valueSetIndex': sp => (load(sp + 8)[uint(sp + 16)] = load(sp + 24)),
    'syscall/js.valueCall': sp =>
      attempt(56, () => {
        const v = load(sp + 8);
        return apply(v[string(sp + 16)], v, list(sp + 32));
      }),
    'syscall/js.valueInvoke': sp => attempt(40, () => apply(load(sp + 8), undefined, list(sp + 16))),
    'syscall/js.valueNew': sp => attempt(40, () => construct(load(sp + 8), list(sp + 16))),
    'syscall/js.valueLength': sp => setInt(sp + 16, load(sp + 8).length),
    'syscall/js.valuePrepareString': sp => {
      const text = encode(encoder, load(sp + 8));
      store(sp + 16, text);
      setInt(sp + 24, text.length);
    },
    'syscall/js.valueLoadString': sp => {
      const to = bytes(sp + 16);
      const from = load(sp + 8);
      for (let n = 0; n < from.length; n++) to[n] = from[n];
    },
  };

  return {
    imports: { gojs },
    // Calls end when the program has ended.
    run(instance, ekyc, end) {
      global.ekyc = ekyc;
      over = end;
      wasm = instance.exports;
      remember();
      step(() => wasm.run(0, 4096)); // no arguments and no environment, where memory is zero
    },
  };
};
