// What the test sets on each app, by globalThis.app: state holds what is shown now,
// set(change) renders a change of it.
export const initial = { theme: 'light', disabled: false, shown: true, token: '' };
