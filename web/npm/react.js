'use client';
// <EkycConnect> is the element <ekyc-connect> with React's ways: props, handlers, a ref.
import { createElement, forwardRef, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import { loadEkycConnect } from './index.js';

const attributes = ['sitekey', 'purpose', 'ticket', 'subject', 'retry', 'lang', 'name', 'required', 'disabled', 'field', 'return', 'theme', 'mode', 'loading'];

const events = {
  onState: 'ekyc-state',
  onConsent: 'ekyc-consent',
  onDecline: 'ekyc-decline',
  onToken: 'ekyc-token',
  onExpire: 'ekyc-expire',
  onError: 'ekyc-error',
  onDegraded: 'ekyc-degraded',
};

// On a server a layout effect only warns.
const useLayout = typeof document === 'undefined' ? useEffect : useLayoutEffect;

const absent = value => value === undefined || value === null || value === false;

export const EkycConnect = forwardRef(function EkycConnect({ relay, nonce, className, children, ...props }, ref) {
  const element = useRef(null);
  const now = {}; // the element's attributes
  const rest = {}; // what React sets on it as on any
  for (const [name, value] of Object.entries(props)) {
    if (!attributes.includes(name)) rest[name] = value;
    else if (!absent(value)) now[name] = value;
  }
  for (const name in events) delete rest[name];
  if (className) rest.class = className; // React 18 writes className as it stands

  // React writes the attributes once, so that the element and the server's markup
  // begin with them. It cannot take one away from a custom element in the same way
  // in all its versions, so changes are made here.
  const [first] = useState(now);
  const written = useRef(first);
  const handlers = useRef(props);
  useLayout(() => {
    handlers.current = props;
    for (const name of attributes) {
      if (now[name] === written.current[name]) continue;
      if (name in now) element.current.setAttribute(name, now[name] === true ? '' : now[name]);
      else element.current.removeAttribute(name);
    }
    written.current = now;
  });

  useLayout(() => {
    const target = element.current;
    const ends = Object.entries(events).map(([name, type]) => {
      const listener = event => handlers.current[name]?.(event.detail);
      target.addEventListener(type, listener);
      return () => target.removeEventListener(type, listener);
    });
    return () => ends.forEach(end => end());
  }, []);

  useEffect(() => {
    if (!relay) return;
    let here = true;
    loadEkycConnect(relay, { nonce }).catch(error => here && handlers.current.onError?.(error));
    return () => {
      here = false;
    };
  }, [relay, nonce]);

  useImperativeHandle(ref, () => element.current, []);
  return createElement('ekyc-connect', { ...rest, ...first, ref: element }, children);
});
