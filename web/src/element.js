// <ekyc-connect>, and <div class="ekyc-connect"> for editors that strip unknown
// elements. What an element does stands in widget.js. Only the map below leads from
// one to the other, so that no script of the page can reach the inside.
import { reflect, keys, windowOf, findAll, able } from './browser.js';
import { widget } from './widget.js';
import { names, isFlag, forms } from './attributes.js';
import css from './ekyc-connect.css'; // last: there it compresses best

const inside = new WeakMap();
export const of = element => inside.get(element);

// A style sheet belongs to one document, an element may move to another. That of a
// template has no window, and shows nothing.
const style = root => {
  const near = windowOf(root.ownerDocument);
  if (near) {
    const sheet = new near.CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  }
};

// In place of what an older engine does not have.
const without = { __proto__: null, setFormValue() {}, setValidity() {} };

export const Element = class extends HTMLElement {
  constructor() {
    super();
    const internals = able ? this.attachInternals() : without;
    // A fragment has painted it already.
    const root = internals.shadowRoot || this.attachShadow({ __proto__: null, mode: 'open' });
    if (able) style(root);
    inside.set(this, widget(this, internals, root));
  }
  adoptedCallback() {
    style(this.shadowRoot);
  }
  connectedCallback() {
    // What was set before the script came hides the properties below.
    for (const name of keys(this))
      if (name in Element.prototype) {
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    of(this).connected();
  }
  focus(options) {
    of(this).focus_(options);
  }
};

Element.formAssociated = true;
Element.observedAttributes = [...names, 'data-state'];

for (const name of 'disconnected attributeChanged formAssociated formDisabled formReset formStateRestore'.split(' '))
  Element.prototype[name + 'Callback'] = function (...given) {
    of(this)[name](...given);
  };

// What form controls have of their own, and each attribute. Frameworks assign whatever
// there is: what cannot be set is left alone, since an error would take down the whole
// tree of the page.
for (const name of [...'value validity form labels willValidate validationMessage checkValidity reportValidity'.split(' '), ...names])
  Object.defineProperty(Element.prototype, name, {
    __proto__: null,
    get() {
      return of(this).control_(name);
    },
    set(value) {
      if (name == 'form' || forms[name]) reflect(this, name, isFlag(name) ? value || null : value);
    },
  });

// A member of an object that a page has made. Every object has those of
// Object.prototype, to which a page may have added some.
export const member = (object, name) => (object[name] === {}[name] ? undefined : object[name]);

export const create = attributes => {
  const element = new Element();
  for (const name of names) reflect(element, name, member(attributes, name));
  return element;
};

// The div stays, since its page's framework knows it; its content becomes the element's.
export const upgrade = () => {
  for (const div of findAll(document, 'div.ekyc-connect'))
    if (!div.querySelector('ekyc-connect')) {
      const element = create(div.dataset);
      element.append(...div.childNodes);
      div.append(element);
    }
};
