// What a Go program in the browser imports: values, calls, time, randomness.
// Written after lib/wasm/wasm_exec.js of Go 1.26 (The Go Authors, BSD licence),
// which is twice as large, sets globals on the page and uses a page's globals of
// the same names. A test of web/build fails when that file has changed.
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// A reference is a NaN: its high word holds the type, its low word an index.
const reference = 0x7ff80000;
const types = { object: 1, string: 2, symbol: 3, function: 4 };

export const program = () => {
  let wasm, memory, ended, end;
  let line = '';
  const over = new Promise(done => (end = done));
  const timers = new Set();

  const step = go => {
    if (ended) return; // an event for a program that is no more
    try {
      go();
    } catch (e) {
      // A stack that overflows ends it as surely as an exit does, but says so by an exception alone.
      console.error(e);
      ended = true;
    }
    if (ended) end();
  };
  const resume = () => step(() => wasm.resume());

  // The page's own global object, which nobody changes, and ekyc: what run was given.
  let given;
  const global = new Proxy({}, { get: (_, name) => (name == 'ekyc' ? given : globalThis[name]) });

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
  const counts = values.map(() => Infinity);
  const ids = new Map(values.map((v, id) => [v, id]));
  const free = [];

  // Addresses and lengths are 64 bits wide; memory ends long before 32.
  const uint = at => memory.getUint32(at, true);
  const setInt = (at, n) => {
    memory.setUint32(at, n, true);
    memory.setUint32(at + 4, Math.floor(n / 2 ** 32), true);
  };

  const load = at => {
    const n = memory.getFloat64(at, true);
    return n === 0 ? undefined : isNaN(n) ? values[uint(at)] : n;
  };
  const store = (at, v) => {
    if (v === undefined || (typeof v == 'number' && v && v === v)) return memory.setFloat64(at, v || 0, true);
    let id = ids.get(v);
    if (id === undefined) {
      id = free.pop() ?? values.length;
      values[id] = v;
      counts[id] = 0;
      ids.set(v, id);
    }
    counts[id]++;
    memory.setUint32(at, id, true);
    memory.setUint32(at + 4, reference | (v === null ? 0 : types[typeof v]), true);
  };

  const bytes = at => new Uint8Array(wasm.mem.buffer, uint(at), uint(at + 8));
  const string = at => decoder.decode(bytes(at));
  const list = at => Array.from({ length: uint(at + 8) }, (_, i) => load(uint(at) + i * 8));

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
    memory.setUint8(sp + 8, good);
  };

  const gojs = {
    'runtime.wasmExit': () => (ended = true),
    // Nothing is written but a panic.
    'runtime.wasmWrite': sp => {
      line += string(sp + 16);
      if (!line.endsWith('\n')) return;
      console.error(line);
      line = '';
    },
    'runtime.resetMemoryDataView': () => (memory = new DataView(wasm.mem.buffer)),
    'runtime.nanotime1': sp => setInt(sp + 8, performance.now() * 1e6),
    'runtime.walltime': () => {}, // for package time, which is not linked: it is too large
    'runtime.scheduleTimeoutEvent': sp => {
      const id = setTimeout(() => {
        while (!ended && timers.has(id)) resume(); // until Go has taken note (golang/go#28975)
      }, uint(sp + 8));
      timers.add(id);
      memory.setInt32(sp + 16, id, true);
    },
    'runtime.clearTimeoutEvent': sp => timers.delete(uint(sp + 8)), // and it will do nothing
    'runtime.getRandomData': sp => crypto.getRandomValues(bytes(sp + 8)),

    'syscall/js.finalizeRef': sp => {
      const id = uint(sp + 8);
      if (--counts[id]) return;
      ids.delete(values[id]);
      values[id] = null;
      free.push(id);
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
        return v[string(sp + 16)](...list(sp + 32));
      }),
    'syscall/js.valueInvoke': sp => attempt(40, () => load(sp + 8)(...list(sp + 16))),
    'syscall/js.valueNew': sp => attempt(40, () => new (load(sp + 8))(...list(sp + 16))),
    'syscall/js.valueLength': sp => setInt(sp + 16, load(sp + 8).length),
    'syscall/js.valuePrepareString': sp => {
      const text = encoder.encode(load(sp + 8));
      store(sp + 16, text);
      setInt(sp + 24, text.length);
    },
    'syscall/js.valueLoadString': sp => bytes(sp + 16).set(load(sp + 8)),
    'syscall/js.copyBytesToGo': sp => {
      const to = bytes(sp + 8);
      const from = load(sp + 32).subarray(0, to.length);
      to.set(from);
      setInt(sp + 40, from.length);
      memory.setUint8(sp + 48, 1);
    },
  };

  return {
    imports: { gojs },
    // Ends with the program.
    run(instance, ekyc) {
      given = ekyc;
      wasm = instance.exports;
      memory = new DataView(wasm.mem.buffer);
      step(() => wasm.run(0, 4096)); // no arguments and no environment, where memory is zero
      return over;
    },
  };
};
