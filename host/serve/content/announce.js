// What a screen reader reads out by itself: whole sentences of an answer politely, a question about
// a purchase at once.
import {make, part} from './dom.js';

const kMaxKept = 20;
// Not the point after the number of a list's item.
const kSentenceEnd = /(?<!(?:^|\n)\s*\d{1,3})[.!?:](?=\s)|\n/g;

const readSoFar = new Map();  // message -> number of characters

/// Words as they are spoken: without the marks of markdown.
const spoken = (text) => text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  .replace(/\*\*|`|^#+\s|^>\s?/gm, '')
  .replace(/\*(?=\S)([^*]+)\*/g, '$1').trim();

function say(text) {
  const words = spoken(text);
  if (!words) return;
  const region = part('polite');
  region.append(make('p', {}, words));
  while (region.childElementCount > kMaxKept) region.firstElementChild.remove();
}

/// Reads out the sentences of a message that have been finished since the last call.
export function sentences(message, text, isWhole) {
  const from = readSoFar.get(message) ?? 0;
  let to = isWhole ? text.length : from;
  if (!isWhole) {
    kSentenceEnd.lastIndex = from;
    for (let end; (end = kSentenceEnd.exec(text)) !== null;) to = end.index + 1;
  }
  if (isWhole) readSoFar.delete(message); else readSoFar.set(message, to);
  if (to > from) say(text.slice(from, to));
}

/// For the approval alone. An open dialog hides the rest of the page from screen readers.
export function urgent(text) {
  const dialog = document.querySelector('dialog[open] .dialog-alert');
  (dialog ?? part('assertive')).textContent = text;
}
