// <ekyc-connect>, and <div class="ekyc-connect"> for editors that strip unknown
// elements. What an element does stands in widget.js. Only the map below leads from
// one to the other, so that no script of the page can reach the inside.
import { findAll, windowOf } from './browser.js';
import css from './ekyc-connect.css';
import { names, widget } from './widget.js';

const inside = new WeakMap();
export const of = element => inside.get(element);

// A style sheet belongs to one document, an element may move to another.
const style = root => {
  const sheet = new (windowOf(root.ownerDocument) || window).CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
};

export class Element extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = names;

  constructor() {
    super();
    const root = this.attachShadow({ __proto__: null, mode: 'open' });
    style(root);
    inside.set(this, widget(this, this.attachInternals(), root));
  }
  adoptedCallback() {
    style(this.shadowRoot);
  }
  connectedMoveCallback() {} // moveBefore keeps everything
}

for (const name of 'connected disconnected attributeChanged formAssociated formDisabled formReset formStateRestore'.split(' '))
  Element.prototype[name + 'Callback'] = function (...given) {
    of(this)[name]?.(...given);
  };

// What form controls have of their own.
for (const name of 'value validity form labels willValidate validationMessage checkValidity reportValidity'.split(' '))
  Object.defineProperty(Element.prototype, name, {
    __proto__: null,
    get() {
      return of(this).control_(name);
    },
  });

// A member of an object that a page has made. Every object has those of
// Object.prototype, to which a page may have added some.
export const member = (object, name) => (object[name] === {}[name] ? undefined : object[name]);

export const create = attributes => {
  const element = new Element();
  for (const name of names) {
    const value = member(attributes, name);
    if (value != null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
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
