import { useState } from 'react';
import { initial } from '../page.js';

export function Page({ form: Form }) {
  const [state, setState] = useState(initial);
  const set = change => setState(state => ({ ...state, ...change }));
  globalThis.app = { ...globalThis.app, state, set };
  return <Form {...state} onToken={token => set({ token })} />;
}
