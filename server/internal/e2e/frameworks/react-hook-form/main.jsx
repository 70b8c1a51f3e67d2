import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useForm } from 'react-hook-form';
import { initial } from '../page.js';
import { Onboarding } from './Onboarding.jsx';

const name = 'ekyc-connect-response';

function Page() {
  const [state, setState] = useState(initial);
  const form = useForm();
  globalThis.app = {
    get state() {
      return { ...state, token: form.getValues(name) };
    },
    set({ token, ...change }) {
      if (token !== undefined) form.setValue(name, token);
      setState(state => ({ ...state, ...change }));
    },
    reset: () => form.reset(),
  };
  return <Onboarding {...state} form={form} onSubmit={values => fetch('/onboard', { method: 'POST', body: new URLSearchParams(values) })} />;
}

createRoot(document.getElementById('app')).render(<StrictMode><Page /></StrictMode>);
