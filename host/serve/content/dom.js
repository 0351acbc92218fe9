// Small tools for elements. Text of a model or a shop becomes text nodes and nothing else.

export const part = (id) => document.getElementById(id);

// Characters that change the order of text on the screen, and controls but for line end and tab.
const kUnsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/// Text from outside as it may be shown.
export const clean = (text) => String(text ?? '').replace(kUnsafe, '');

/// An element. `attributes` named on... are listeners; children are elements or text.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/// Sets a text only when it changes, so that screen readers do not read it again.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/// "today 14:05", "3 May"
export function dayText(unixMs) {
  const when = new Date(unixMs);
  const now = new Date();
  if (when.toDateString() === now.toDateString()) {
    return when.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'});
  }
  const year = when.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return when.toLocaleDateString('en-GB', {day: 'numeric', month: 'short', year});
}

export function timeText(unixMs) {
  return new Date(unixMs).toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'short'});
}
