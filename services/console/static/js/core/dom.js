/** Building elements: text only, never markup. */

/**
 * An element with properties and children.
 * @param {string} tag
 * @param {Object<string, any>} [props] `class`, `on` (events by name), `style` (custom properties
 *   only); anything else is an attribute, left out where it is null, undefined or false.
 * @param {...any} children Nodes, texts, numbers, lists of these; null and false are left out.
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  dress(element, props || {});
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** As `h`, for drawings. */
export function s(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  dress(element, props || {});
  append(element, children);
  return element;
}

function dress(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, said] of Object.entries(value)) element.style.setProperty(property, said);
    } else if (name === "value" || name === "checked" || name === "disabled") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

/** Take everything out of an element. */
export function clear(element) {
  element.replaceChildren();
  return element;
}

/** Put these children in the place of what is there. */
export function fill(element, ...children) {
  clear(element);
  append(element, children);
  return element;
}
